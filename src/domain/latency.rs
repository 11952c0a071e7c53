//! How long answers take, as a node counts it: a few steps of a scale for a few classes of routes, so that
//! nothing a visitor sends makes another one; and what can be told from such counts.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

/// Upper ends of the steps, in milliseconds; the last one has none.
const SCALE: [f64; 19] = [
    1., 2., 3., 5., 8., 12., 20., 30., 50., 80., 120., 200., 300., 500., 800., 1_200., 2_000.,
    5_000., 30_000.,
];
const STEPS: usize = SCALE.len();

/// A class of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteClass {
    /// Where people prove who they are.
    Login,
    /// Where portals send them.
    Authorize,
    /// Where portals fetch tokens.
    Token,
    /// Where tokens are shown: `UserInfo` and introspection.
    Resource,
    /// Every other page.
    Page,
}

impl RouteClass {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::Login, Self::Authorize, Self::Token, Self::Resource, Self::Page];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Resource => "resource",
            Self::Page => "page",
        }
    }
}

/// What one node has counted since it was last taken. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Latency(Arc<[[AtomicI64; STEPS]; RouteClass::ALL.len()]>);

impl Latency {
    /// Counts an answer.
    pub fn count(&self, class: RouteClass, milliseconds: f64) {
        let step = SCALE.iter().position(|end| milliseconds <= *end).unwrap_or(STEPS - 1);
        self.0[class as usize][step].fetch_add(1, Ordering::Relaxed);
    }

    /// Takes what was counted: label and count, `login.7`.
    pub fn take(&self) -> Vec<(String, i64)> {
        let mut taken = Vec::new();
        for class in RouteClass::ALL {
            for (step, counter) in self.0[class as usize].iter().enumerate() {
                let count = counter.swap(0, Ordering::Relaxed);
                if count > 0 {
                    taken.push((format!("{}.{step}", class.as_str()), count));
                }
            }
        }
        taken
    }

    /// Gives back what could not be kept.
    pub fn give_back(&self, taken: &[(String, i64)]) {
        for (label, count) in taken {
            if let Some((class, step)) = read(label) {
                self.0[class as usize][step].fetch_add(*count, Ordering::Relaxed);
            }
        }
    }
}

fn read(label: &str) -> Option<(RouteClass, usize)> {
    let (name, step) = label.split_once('.')?;
    let class = RouteClass::ALL.into_iter().find(|class| class.as_str() == name)?;
    let step = step.parse().ok().filter(|step| *step < STEPS)?;
    Some((class, step))
}

/// Counts of one class over some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Histogram([i64; STEPS]);

impl Histogram {
    /// Adds what stands under this label, if it is of this class.
    pub fn add(&mut self, class: RouteClass, label: &str, count: i64) {
        if let Some((_, step)) = read(label).filter(|(known, _)| *known == class) {
            self.0[step] += count;
        }
    }

    /// How many answers.
    pub fn total(&self) -> i64 {
        self.0.iter().sum()
    }

    /// The time within which this share of the answers was given, in milliseconds, as far as the steps tell:
    /// within a step answers are taken to lie evenly. None without answers.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let wanted = share * total as f64;
        let (mut below, mut begin) = (0.0, 0.0);
        for (count, end) in self.0.iter().zip(SCALE) {
            let count = *count as f64;
            if count > 0.0 && below + count >= wanted {
                return Some(begin + (end - begin) * (wanted - below) / count);
            }
            (below, begin) = (below + count, end);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_taken_once_and_may_be_given_back() {
        let latency = Latency::default();
        for milliseconds in [0.0, 1.0, 1.1, 99_999.0] {
            latency.count(RouteClass::Login, milliseconds);
        }
        latency.clone().count(RouteClass::Page, 4.0);
        let taken = latency.take();
        let expected = [("login.0", 2), ("login.1", 1), ("login.18", 1), ("page.3", 1)];
        assert_eq!(taken, expected.map(|(label, count)| (label.to_owned(), count)));
        assert_eq!(latency.take(), []);
        latency.give_back(&taken);
        assert_eq!(latency.take(), taken);
        latency.give_back(&[("login.19".to_owned(), 1), ("x.1".to_owned(), 1)]);
        assert_eq!(latency.take(), [], "labels of another version are none of ours");
    }

    #[test]
    fn quantiles_are_estimated_within_their_step() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        histogram.add(RouteClass::Token, "token.3", 90);
        histogram.add(RouteClass::Token, "token.8", 10);
        histogram.add(RouteClass::Token, "page.0", 1_000);
        assert_eq!(histogram.total(), 100);
        assert_eq!(histogram.quantile(0.45), Some(4.0));
        assert_eq!(histogram.quantile(0.9), Some(5.0));
        assert_eq!(histogram.quantile(0.95), Some(40.0));
        assert_eq!(histogram.quantile(1.0), Some(50.0));
    }
}

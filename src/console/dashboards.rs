//! How much of everything happens, for officers and, of their own cities, for region administrators: series over
//! time and sums by label, read from the tallies alone.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::domain::account::AccountStatus;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::client::ClientId;
use crate::domain::latency::Histogram;
use crate::domain::latency::RouteClass;
use crate::domain::operator::Permission;
use crate::domain::tally::Measure;
use crate::domain::tally::Span;
use crate::store::sql::TallyQuery;

/// Labels on a page; the file has the others.
const SHOWN: i64 = 20;
/// Rows of a file, at most.
const LONGEST: i64 = 100_000;
/// The quantiles of latency, as shares.
const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];
/// The outboxes, and the states of what stands in them.
const OUTBOXES: [&str; 3] = ["logout_tokens", "alerts", "notices"];
const OUTBOX_STATES: [&str; 3] = ["waiting", "due", "given_up"];

/// How far back one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// 24 hours, by the hour.
    Day,
    /// 14 days, by the day.
    Fortnight,
    /// 12 months, by the month.
    Year,
}

impl Range {
    /// Each of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Fortnight, Self::Year];

    /// The name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Fortnight => "14d",
            Self::Year => "12m",
        }
    }

    /// The range of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.as_str() == name)
    }

    /// By what it is shown.
    pub fn span(self) -> Span {
        match self {
            Self::Day => Span::Hour,
            Self::Fortnight => Span::Day,
            Self::Year => Span::Month,
        }
    }

    /// By what a file has it, where the labels are few.
    fn finer(self) -> Span {
        match self {
            Self::Day | Self::Fortnight => Span::Hour,
            Self::Year => Span::Day,
        }
    }

    /// When the spans that are shown began, in order.
    fn begins(self, now: Timestamp) -> Vec<Timestamp> {
        let count = match self {
            Self::Day => 24,
            Self::Fortnight => 14,
            Self::Year => 12,
        };
        self.span().last(count, now)
    }
}

/// Counts over time, one for each span.
#[derive(Debug, Clone)]
pub struct Series {
    /// Of what.
    pub name: &'static str,
    /// The counts.
    pub counts: Vec<i64>,
}

/// Series that are drawn together.
#[derive(Debug, Clone)]
pub struct Plot {
    /// Of what, where a measure has several plots.
    pub label: &'static str,
    /// The series, one upon the other.
    pub series: Vec<Series>,
}

/// Sums, or what was found at the last look, under one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The label.
    pub label: String,
    /// The numbers, a column each.
    pub values: Vec<i64>,
}

/// What is shown of a measure.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Of what.
    pub measure: Measure,
    /// What is drawn.
    pub plots: Vec<Plot>,
    /// The columns of its rows.
    pub columns: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// When the last look was, where it is one.
    pub looked_at: Option<Timestamp>,
}

/// The dashboards of an operator.
#[derive(Debug, Clone)]
pub struct Dashboards {
    /// When the spans began.
    pub begins: Vec<Timestamp>,
    /// The charts he may see.
    pub charts: Vec<Chart>,
}

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When its span began.
    pub begins_at: Timestamp,
    /// Of what.
    pub label: String,
    /// The numbers.
    pub values: Vec<i64>,
}

/// Whose numbers an operator sees: all, or those of labels that begin so.
#[derive(Clone, Copy)]
struct Sight<'a> {
    prefix: &'a str,
    is_whole: bool,
}

impl Sight<'_> {
    fn shows(self, measure: Measure) -> bool {
        self.is_whole || measure.is_by_city()
    }
}

fn sight(actor: Actor<'_>) -> Sight<'_> {
    let operator = actor.operator;
    match &operator.region {
        _ if operator.role.is_officer() => Sight { prefix: "", is_whole: true },
        Some(region) => Sight { prefix: region.digits(), is_whole: false },
        // Nobody's label begins so.
        None => Sight { prefix: "-", is_whole: false },
    }
}

/// Everything this operator may see.
pub async fn look(actor: Actor<'_>, range: Range) -> Result<Dashboards, ConsoleError> {
    actor.demand(Permission::SeeStatistics).await?;
    let sight = sight(actor);
    let begins = range.begins(actor.provider.clock.now());
    let since = begins.first().copied().unwrap_or_default();
    let reading = Reading { actor, range, since, begins: &begins, prefix: sight.prefix };
    let mut charts = Vec::new();
    for measure in Measure::ALL.iter().copied().filter(|measure| sight.shows(*measure)) {
        charts.push(reading.chart(measure).await?);
    }
    Ok(Dashboards { begins, charts })
}

/// The columns and rows of a file.
pub async fn file(
    actor: Actor<'_>,
    measure: Measure,
    range: Range,
) -> Result<(Vec<&'static str>, Vec<Line>), ConsoleError> {
    actor.demand(Permission::SeeStatistics).await?;
    let sight = sight(actor);
    if !sight.shows(measure) {
        return Err(ConsoleError::NotFound);
    }
    let begins = range.begins(actor.provider.clock.now());
    let since = begins.first().copied().unwrap_or_default();
    let has_many_labels = measure.is_by_city() || measure == Measure::Portals;
    let span = if has_many_labels { range.span() } else { range.finer() };
    let query = TallyQuery { measure, span, since, prefix: sight.prefix, limit: LONGEST };
    let counts = actor.provider.store.tallies(query).await?;
    if measure == Measure::Latency {
        return Ok((vec!["answers", "p50_ms", "p95_ms", "p99_ms"], latency_lines(&counts)));
    }
    let line = |(begins_at, label, count)| Line { begins_at, label, values: vec![count] };
    Ok((vec!["count"], counts.into_iter().map(line).collect()))
}

/// What the client of a label is called; none once it is gone.
pub async fn client_name(actor: Actor<'_>, label: &str) -> Result<Option<String>, ConsoleError> {
    let Some(id) = ClientId::parse(label) else { return Ok(None) };
    Ok(actor.provider.store.find_client(&id).await?.map(|client| client.name.clone()))
}

fn latency_lines(counts: &[(Timestamp, String, i64)]) -> Vec<Line> {
    let mut lines = Vec::new();
    for at in counts.chunk_by(|one, two| one.0 == two.0) {
        for class in RouteClass::ALL {
            let histogram = histogram(class, at.iter().map(|(_, label, count)| (&**label, *count)));
            if histogram.total() > 0 {
                let label = class.as_str().to_owned();
                lines.push(Line { begins_at: at[0].0, label, values: numbers(&histogram) });
            }
        }
    }
    lines
}

/// What is read for one page.
struct Reading<'a> {
    actor: Actor<'a>,
    range: Range,
    since: Timestamp,
    begins: &'a [Timestamp],
    prefix: &'a str,
}

impl Reading<'_> {
    fn query(&self, measure: Measure, limit: i64) -> TallyQuery<'_> {
        let Self { range, since, prefix, .. } = *self;
        TallyQuery { measure, span: range.span(), since, prefix, limit }
    }

    async fn chart(&self, measure: Measure) -> Result<Chart, ConsoleError> {
        match measure {
            Measure::Logins => self.logins().await,
            Measure::Regions | Measure::Portals => self.by_label(measure, "logins").await,
            Measure::Failures => self.by_label(measure, "refused").await,
            Measure::Accounts => self.by_label(measure, "accounts").await,
            Measure::Levels => self.levels().await,
            Measure::Latency => self.latency().await,
            Measure::Outbox => self.outbox().await,
        }
    }

    /// Sums over time, and by label.
    async fn by_label(&self, measure: Measure, name: &'static str) -> Result<Chart, ConsoleError> {
        let store = &self.actor.provider.store;
        let over_time = store.tallies_by_time(self.query(measure, LONGEST)).await?;
        let sums = store.tallies_by_label(self.query(measure, SHOWN)).await?;
        let row = |(label, sum)| Row { label, values: vec![sum] };
        let series = vec![self.series(name, over_time.into_iter())];
        Ok(Chart {
            measure,
            plots: vec![Plot { label: "", series }],
            columns: vec![name],
            rows: sums.into_iter().map(row).collect(),
            looked_at: None,
        })
    }

    async fn logins(&self) -> Result<Chart, ConsoleError> {
        let measure = Measure::Logins;
        let counts = self.actor.provider.store.tallies(self.query(measure, LONGEST)).await?;
        let results = ["done", "refused"];
        let of = |result: &'static str| {
            let ours = counts.iter().filter(move |(_, label, _)| label.ends_with(result));
            self.series(result, ours.map(|(at, _, count)| (*at, *count)))
        };
        let mut methods: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for (_, label, count) in &counts {
            let Some((method, result)) = label.rsplit_once('.') else { continue };
            let Some(column) = results.iter().position(|known| *known == result) else { continue };
            methods.entry(method).or_insert_with(|| vec![0; 2])[column] += count;
        }
        let row = |(label, values): (&str, _)| Row { label: label.to_owned(), values };
        let mut rows: Vec<Row> = methods.into_iter().map(row).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.values.iter().sum::<i64>()));
        let series = results.map(of).into();
        let plots = vec![Plot { label: "", series }];
        Ok(Chart { measure, plots, columns: results.into(), rows, looked_at: None })
    }

    /// A row for each level, a column for each status, as of the last look.
    async fn levels(&self) -> Result<Chart, ConsoleError> {
        let found = self.actor.provider.store.last_tallies(Measure::Levels).await?;
        let columns: Vec<&'static str> = AccountStatus::ALL.map(AccountStatus::as_str).into();
        let levels = (0..).map_while(IdentityAssurance::from_level);
        let row = |level: IdentityAssurance, counts: &BTreeMap<String, i64>| {
            let label = level.level().to_string();
            let count = |status| counts.get(&format!("{status}.{label}")).copied().unwrap_or(0);
            let values = columns.iter().map(count).collect();
            Row { label, values }
        };
        let looked_at = found.as_ref().map(|(at, _)| *at);
        let rows = found.map_or_else(Vec::new, |(_, counts)| {
            let counts = counts.into_iter().collect();
            levels.map(|level| row(level, &counts)).collect()
        });
        Ok(Chart { measure: Measure::Levels, plots: Vec::new(), columns, rows, looked_at })
    }

    async fn latency(&self) -> Result<Chart, ConsoleError> {
        let measure = Measure::Latency;
        let counts = self.actor.provider.store.tallies(self.query(measure, LONGEST)).await?;
        let (mut plots, mut rows) = (Vec::new(), Vec::new());
        for class in RouteClass::ALL {
            let whole = histogram(class, counts.iter().map(|row| (&*row.1, row.2)));
            if whole.total() == 0 {
                continue;
            }
            rows.push(Row { label: class.as_str().to_owned(), values: numbers(&whole) });
            let at = |begin: &Timestamp| {
                let then = counts.iter().filter(|row| row.0 == *begin);
                numbers(&histogram(class, then.map(|row| (&*row.1, row.2))))
            };
            let by_time: Vec<Vec<i64>> = self.begins.iter().map(at).collect();
            let series = ["p50", "p95", "p99"].into_iter().enumerate().map(|(place, name)| {
                Series { name, counts: by_time.iter().map(|values| values[place + 1]).collect() }
            });
            plots.push(Plot { label: class.as_str(), series: series.collect() });
        }
        let columns = vec!["answers", "p50", "p95", "p99"];
        Ok(Chart { measure, plots, columns, rows, looked_at: None })
    }

    /// What was last found in each span, and at the last look of all.
    async fn outbox(&self) -> Result<Chart, ConsoleError> {
        let (measure, store) = (Measure::Outbox, &self.actor.provider.store);
        let counts = store.tallies(self.query(measure, LONGEST)).await?;
        let found = store.last_tallies(measure).await?;
        let over_time = ["waiting", "given_up"].map(|state| {
            let ours = counts.iter().filter(move |(_, label, _)| label.ends_with(state));
            self.series(state, ours.map(|(at, _, count)| (*at, *count)))
        });
        let looked_at = found.as_ref().map(|(at, _)| *at);
        let rows = found.map_or_else(Vec::new, |(_, counts)| {
            let counts: BTreeMap<String, i64> = counts.into_iter().collect();
            let row = |outbox: &str| {
                let count = |state| counts.get(&format!("{outbox}.{state}")).copied().unwrap_or(0);
                Row { label: outbox.to_owned(), values: OUTBOX_STATES.map(count).into() }
            };
            OUTBOXES.map(row).into()
        });
        let plots = vec![Plot { label: "", series: over_time.into() }];
        Ok(Chart { measure, plots, columns: OUTBOX_STATES.into(), rows, looked_at })
    }

    fn series(&self, name: &'static str, counts: impl Iterator<Item = (Timestamp, i64)>) -> Series {
        let mut series = Series { name, counts: vec![0; self.begins.len()] };
        for (at, count) in counts {
            if let Ok(place) = self.begins.binary_search(&at) {
                series.counts[place] += count;
            }
        }
        series
    }
}

fn histogram<'a>(class: RouteClass, counts: impl Iterator<Item = (&'a str, i64)>) -> Histogram {
    let mut histogram = Histogram::default();
    counts.for_each(|(label, count)| histogram.add(class, label, count));
    histogram
}

/// How many answers, and their quantiles in whole milliseconds.
fn numbers(histogram: &Histogram) -> Vec<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the scale ends at 30 000")]
    let quantile = |share| histogram.quantile(share).map_or(0, |time| time.ceil() as i64);
    std::iter::once(histogram.total()).chain(QUANTILES.map(quantile)).collect()
}

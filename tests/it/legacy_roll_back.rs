//! A batch of legacy codes is taken back: what other batches that were confirmed say of the same codes counts again.

use yihao::domain::synthetic;

use crate::legacy_codes::NUMBERS;
use crate::legacy_codes::agree;
use crate::legacy_codes::batch;
use crate::legacy_codes::found;
use crate::legacy_codes::row;
use crate::on_both;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::decide;
use crate::support::console::officers;
use crate::support::console::send;

/// Two officers and what they look at.
struct Office {
    provider: TestProvider,
    officers: [Operator; 2],
}

impl Office {
    async fn open(provider: TestProvider) -> Self {
        let [system, security, _] = officers(&provider).await;
        Self { provider, officers: [system, security] }
    }

    /// A batch that waits: the number was this organisation's.
    async fn staged(&self, seed: u64) -> String {
        batch(&self.provider, &row("registration_number", NUMBERS[0], seed)).await.0
    }

    async fn step(&self, batch: &str, step: &str) {
        let [asks, decides] = &self.officers;
        let path = format!("/console/codes/{batch}/{step}");
        agree(&self.provider, [asks, decides], &path).await;
        self.provider.clock.advance(1000);
    }

    async fn confirm(&self, batch: &str) {
        self.step(batch, "confirm").await;
    }

    async fn roll_back(&self, batch: &str) {
        self.step(batch, "roll-back").await;
    }

    /// A confirmed batch that says so.
    async fn confirmed(&self, seed: u64) -> String {
        let batch = self.staged(seed).await;
        self.confirm(&batch).await;
        batch
    }

    /// The organisation the dispute is about whose credit code this is gets the number, or not.
    async fn settle(&self, seed: u64, decision: &str) {
        let [asks, decides] = &self.officers;
        let page = asks.browser.get(&self.provider.url("/console/codes/disputes")).await;
        let uscc = synthetic::uscc(seed).to_string();
        let shown = page.body.split("action=\"/console/codes/disputes/").skip(1);
        let before = page.body.split("action=\"/console/codes/disputes/");
        let id = before.zip(shown).find(|(text, _)| text.contains(&uscc)).expect("the dispute").1;
        let path = format!("/console/codes/disputes/{}", id.split('"').next().unwrap());
        let fields = [("decision", decision), ("reason", "登记机关书面答复")];
        assert_eq!(send(&self.provider, asks, &path, &fields).await.status, 303);
        assert_eq!(decide(&self.provider, decides, "approve").await.status, 303);
        self.provider.clock.advance(1000);
    }

    /// The number finds this organisation, and so many disputes are open.
    async fn finds(&self, seed: Option<u64>, disputes: i64) {
        let expected = seed.map(|seed| synthetic::uscc(seed).to_string());
        assert_eq!(found(&self.provider, NUMBERS[0]).await, expected);
        for (status, rows) in [("confirmed", i64::from(seed.is_some())), ("disputed", disputes)] {
            let sql = format!("SELECT COUNT(*) FROM legacy_code WHERE status = '{status}'");
            assert_eq!(self.provider.count(&sql).await, rows, "{status}");
            let sql = format!(
                "SELECT CAST(COALESCE(SUM(records), 0) AS BIGINT) FROM code_tally WHERE status = '{status}'"
            );
            assert_eq!(self.provider.count(&sql).await, rows, "{status} as the figures have it");
        }
    }
}

on_both!(
    /// Whichever is taken back, what the other one says counts; it began to when that was confirmed.
    what_another_batch_says_as_well_still_counts,
    |provider| {
        let office = Office::open(provider).await;
        let [first, second, third] =
            [office.staged(1).await, office.staged(1).await, office.staged(1).await];
        office.confirm(&first).await;
        for batch in [&second, &third] {
            office.confirm(batch).await;
        }
        office.finds(Some(1), 0).await;

        office.roll_back(&first).await;
        office.finds(Some(1), 0).await;
        let since = "SELECT c.decided_at - b.decided_at FROM legacy_code c
                       JOIN code_batch b ON b.id = c.batch_id WHERE c.status = 'confirmed'";
        assert_eq!(office.provider.count(since).await, 0);
        office.roll_back(&third).await;
        office.finds(Some(1), 0).await;
        office.roll_back(&second).await;
        office.finds(None, 0).await;
    }
);

on_both!(
    /// A file is compared when it is read and again when it is confirmed: what counted already may have gone.
    what_was_converted_when_it_was_read_counts_once_that_is_taken_back,
    |provider| {
        let office = Office::open(provider).await;
        let first = office.confirmed(1).await;
        let (spare, report) =
            batch(&office.provider, &row("registration_number", NUMBERS[0], 1).repeat(2)).await;
        assert_eq!((report.valid, report.converted, report.duplicate), (0, 2, 0), "{report:?}");
        let other = office.staged(1).await;
        office.confirm(&other).await;

        office.roll_back(&first).await;
        office.finds(Some(1), 0).await;
        office.roll_back(&other).await;
        office.finds(None, 0).await;
        office.confirm(&spare).await;
        office.finds(Some(1), 0).await;
        office.roll_back(&spare).await;
        office.finds(None, 0).await;
    }
);

on_both!(
    /// What was accepted over others is taken back: what counted before counts, what was disputed is.
    what_was_settled_by_a_batch_that_is_taken_back_is_as_before,
    |provider| {
        let office = Office::open(provider).await;
        let [first, second, third] =
            [office.staged(1).await, office.staged(2).await, office.staged(3).await];
        for batch in [&first, &second, &third] {
            office.confirm(batch).await;
        }
        let counts = "SELECT decided_at FROM legacy_code WHERE status = 'confirmed'";
        let before = office.provider.count(counts).await;
        office.settle(2, "accept").await;
        office.finds(Some(2), 0).await;

        office.roll_back(&second).await;
        office.finds(Some(1), 1).await;
        assert_eq!(office.provider.count(counts).await, before, "since when it counts");
        office.settle(3, "accept").await;
        office.finds(Some(3), 0).await;
        office.roll_back(&first).await;
        office.finds(Some(3), 0).await;
        office.roll_back(&third).await;
        office.finds(None, 0).await;
    }
);

on_both!(
    /// What two officers accepted stays so as long as a confirmed batch says it; what they rejected stays rejected.
    what_officers_settled_lasts_as_long_as_a_batch_says_it,
    |provider| {
        let office = Office::open(provider).await;
        let first = office.confirmed(1).await;
        let second = office.confirmed(2).await;
        office.settle(2, "accept").await;
        let same = office.confirmed(2).await;
        let spare = office.confirmed(1).await;
        office.finds(Some(2), 1).await;
        office.settle(1, "reject").await;

        office.roll_back(&second).await;
        office.finds(Some(2), 0).await;
        office.roll_back(&same).await;
        office.finds(Some(1), 0).await;
        office.roll_back(&first).await;
        office.finds(None, 0).await;
        office.roll_back(&spare).await;
        office.finds(None, 0).await;
    }
);

on_both!(
    /// A batch that only waits takes nobody's place, and what it disputes with nobody is not settled by itself.
    a_batch_that_waits_takes_no_place,
    |provider| {
        let office = Office::open(provider).await;
        let first = office.confirmed(1).await;
        let waits = office.staged(1).await;
        let other = office.staged(2).await;

        office.roll_back(&first).await;
        office.finds(None, 1).await;
        office.confirm(&other).await;
        office.finds(None, 1).await;
        office.confirm(&waits).await;
        office.finds(Some(1), 1).await;
        office.roll_back(&waits).await;
        office.finds(None, 1).await;
        office.settle(2, "accept").await;
        office.finds(Some(2), 0).await;
    }
);

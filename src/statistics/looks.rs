//! Looks at how many there are. Outboxes are looked at every minute; accounts seldom, since there are millions:
//! every ten minutes, or after fifty times as long as the last look took.

use std::time::Duration;
use std::time::Instant;

use crate::clock::Timestamp;
use crate::domain::account::AccountStatus;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::tally::Measure;
use crate::domain::tally::Tallies;
use crate::provider::Provider;
use crate::statistics::Statistics;
use crate::store::StoreError;

/// Between two looks at the accounts, at least.
const PAUSE: Duration = Duration::from_mins(10);
/// And so many times as long as one takes.
const REST: u32 = 50;

impl Statistics {
    /// Looks at what is due.
    pub async fn look(&self, provider: &Provider) -> Result<(), StoreError> {
        look_at_outboxes(provider).await?;
        let mut next = self.next_look.lock().await;
        let due = match *next {
            Some(due) => due,
            // This node has not looked yet; another one may have.
            None => provider
                .store
                .last_tallies(Measure::Levels)
                .await?
                .map_or(Timestamp::default(), |(at, _)| at.plus(PAUSE)),
        };
        if provider.clock.now() < due {
            return Ok(());
        }
        let began = Instant::now();
        look_at_accounts(provider).await?;
        *next = Some(provider.clock.now().plus(PAUSE.max(began.elapsed() * REST)));
        Ok(())
    }
}

async fn look_at_outboxes(provider: &Provider) -> Result<(), StoreError> {
    let now = provider.clock.now();
    let mut tallies = Tallies::default();
    for (outbox, look) in provider.store.look_at_outboxes(now).await? {
        let states = [("waiting", look.waiting), ("due", look.due), ("given_up", look.given_up)];
        for (state, count) in states {
            tallies.add((Measure::Outbox, &format!("{outbox}.{state}")), now, count);
        }
    }
    provider.store.set_tallies(tallies, now).await
}

async fn look_at_accounts(provider: &Provider) -> Result<(), StoreError> {
    let now = provider.clock.now();
    let mut tallies = Tallies::default();
    // Every pair, so that one nobody is in any longer is set to nothing.
    for status in AccountStatus::ALL {
        for level in (0..).map_while(IdentityAssurance::from_level) {
            let label = format!("{}.{}", status.as_str(), level.level());
            tallies.add((Measure::Levels, &label), now, 0);
        }
    }
    let mut after = uuid::Uuid::nil();
    loop {
        let (counts, end) = provider.store.count_accounts(after).await?;
        for (status, level, count) in counts {
            tallies.add((Measure::Levels, &format!("{status}.{level}")), now, count);
        }
        let Some(end) = end else { break };
        after = end;
    }
    provider.store.set_tallies(tallies, now).await
}

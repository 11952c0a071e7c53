//! The mandates on the page of a person, as officers read them: three lists, each a page at a time, each row once and
//! none left out, whatever mark somebody brings (security.md ).

use crate::console_lists::PAGE;
use crate::console_lists::all;
use crate::console_lists::sizes;
use crate::console_lists::turn;
use crate::on_both;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::officers;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::logged_in;
use crate::support::organisation::offer;

/// How many of each there are.
const MANY: usize = PAGE + 3;

/// Offers so many mandates for oneself, whatever the throttle thinks of it, to people with these seeds.
async fn offer_many(provider: &TestProvider, browser: &crate::support::Browser, seed: u64) {
    for count in 0..MANY {
        if count % 20 == 0 {
            provider.execute("DELETE FROM throttle").await;
        }
        let agent = &Person::synthetic(seed + u64::try_from(count).unwrap());
        let fields = [("matters", "all")];
        let done = offer(provider, browser, "/account/mandates", (agent, &fields)).await;
        assert_eq!(done.status, 303, "{}", done.body);
    }
}

on_both!(
    /// Whom somebody represents, who acts for him, and who did: the page of one list says nothing of the others.
    what_a_person_gave_and_got_is_paged,
    |provider| {
        let [_, security, _] = officers(&provider).await;
        let (person, browser) = logged_in(&provider, 9_300).await;
        for seed in 0..MANY {
            let known = entity(9_300 + u64::try_from(seed).unwrap(), &person);
            provider.add_organisation(&known).await;
            let done = claim(&provider, &browser, known.uscc.as_str()).await;
            assert_eq!(done.status, 303, "{}", done.body);
        }
        offer_many(&provider, &browser, 9_400).await;
        let path = format!("/console/people/{}", provider.account(&person).await.id);

        let row = "<th scope=\"row\" role=\"rowheader\">样例企业";
        let held = turn(&provider, &security, &path, ("older-represented", row)).await;
        assert_eq!((sizes(&held), all(&held).len()), (vec![PAGE, 3], MANY));
        // Keys of version 7, and not the other things an officer may end.
        let open = turn(&provider, &security, &path, ("older-agents", "id=\"end-0")).await;
        assert_eq!((sizes(&open), all(&open).len()), (vec![PAGE, 3], MANY));

        let ended = "UPDATE mandate SET state = 'revoked', ended_at = offered_at WHERE state = 'offered'";
        provider.execute(ended).await;
        let first = security.browser.get(&provider.url(&path)).await;
        assert!(!first.body.contains("id=\"end-0"), "nobody acts for him any more");
        let mark = format!("0{}", all(&open).iter().nth(2).unwrap());
        let later = security.browser.get(&provider.url(&format!("{path}?former={mark}"))).await;
        let former = |body: &str| {
            let list = body.split("id=\"former\"").nth(1).unwrap_or_default();
            list.split("</section>").next().unwrap().matches("role=\"rowheader\"").count()
        };
        assert_eq!((former(&first.body), former(&later.body)), (PAGE, 2), "newest first");
        assert!(first.body.contains("id=\"older-former\"") && !later.body.contains("id=\"older-former\""));
        assert!(later.body.contains("id=\"older-represented\""), "its first page stays");
        for list in ["represented", "agents", "former"] {
            for mark in ["x", "%00", "1"] {
                let url = provider.url(&format!("{path}?{list}={mark}"));
                assert_eq!(security.browser.get(&url).await.status, 400, "{list}={mark}");
            }
        }
    }
);

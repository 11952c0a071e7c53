//! Mandates over time (design D3; security.md ): begun later, the strongest first, remembered when they
//! are over, and ended with the account of whoever stands above.

use std::time::Duration;

use yihao::domain::assurance::IdentityAssurance;
use yihao::people::cancellation;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::organisation::accept;
use crate::support::organisation::appoint;
use crate::support::organisation::between;
use crate::support::organisation::browser_page;
use crate::support::organisation::choose;
use crate::support::organisation::chooser;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::logged_in;
use crate::support::organisation::managing;
use crate::support::organisation::mandates;
use crate::support::organisation::offer;
use crate::support::organisation::row_of;
use crate::support::organisation::step;
use crate::support::organisation::takes_all;
use crate::support::organisation::tokens;
use crate::support::organisation::with_agent;
use crate::support::relying_party::claims;

const DAY: i64 = 24 * 3600 * 1000;
const HISTORY: &str = "/account/mandates/history";

/// A day in China, so many days from now.
fn day(provider: &TestProvider, days: u64) -> String {
    let at = provider.clock.now().plus(Duration::from_hours(24 * days));
    at.to_beijing()[..10].to_owned()
}

/// The clock goes on, and everybody logs in again.
async fn later(provider: &TestProvider, days: i64, people: &[(&Person, &Browser)]) {
    provider.clock.advance(days * DAY);
    for (person, browser) in people {
        log_in(provider, browser, person).await;
    }
}

async fn state_of(provider: &TestProvider, mandate: &str) -> String {
    let id = mandate.parse().map(yihao::domain::id::MandateId).unwrap();
    let found = provider.provider.store.find_mandate(id).await.unwrap().unwrap();
    found.mandate.state.as_str().to_owned()
}

on_both!(
    /// A mandate for later is told as such, opens nothing before, begins by itself, and ends when its last day is over;
    /// a clock that goes back gives nothing it did not give then.
    a_mandate_begins_on_its_first_day,
    |provider| {
        let (boss, boss_browser) = logged_in(&provider, 9871).await;
        let (agent, browser) = logged_in(&provider, 9872).await;
        let known = entity(9871, &boss);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        assert_eq!(claim(&provider, &boss_browser, uscc).await.status, 303);
        let (first, last) = (day(&provider, 2), day(&provider, 3));
        let path = managing(&provider, &boss_browser, uscc).await;
        let fields = [("matters", "all"), ("from", &*first), ("until", &*last)];
        let offered = offer(&provider, &boss_browser, &path, (&agent, &fields)).await;
        assert_eq!(offered.status, 303, "{}", offered.body);
        accept(&provider, &browser).await;
        let page = mandates(&provider, &browser).await;
        assert!(page.body.contains("未到生效日") && page.body.contains(&*first), "{}", page.body);
        let page = browser_page(&provider, &boss_browser, &path).await;
        assert!(page.body.contains("未到生效日"), "{}", page.body);
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let page = chooser(&browser, &web1, &[]).await;
        assert!(!page.body.contains(uscc), "not yet: {}", page.body);

        later(&provider, 2, &[(&agent, &browser)]).await;
        let page = chooser(&browser, &web1, &[("prompt", "select_account")]).await;
        let page = choose(&browser, &page, uscc).await;
        let token = claims(tokens(&web1, &page).await["id_token"].as_str().unwrap());
        assert_eq!(token["org"]["uscc"], *uscc);
        let page = mandates(&provider, &browser).await;
        assert!(!page.body.contains("未到生效日"), "{}", page.body);

        provider.clock.advance(-2 * DAY);
        let page = chooser(&browser, &web1, &[("prompt", "select_account")]).await;
        assert!(!page.body.contains(&format!("act-as-{uscc}")), "{}", page.body);
        later(&provider, 5, &[(&agent, &browser)]).await;
        let page = chooser(&browser, &web1, &[("prompt", "select_account")]).await;
        assert!(!page.body.contains(&format!("act-as-{uscc}")), "over: {}", page.body);
    }
);

on_both!(
    /// Terms that cannot be are refused with their reason, and nothing is offered.
    impossible_terms_are_refused,
    |provider| {
        let (_, browser) = logged_in(&provider, 9875).await;
        let other = Person::synthetic(9876);
        let (tomorrow, yesterday) = (day(&provider, 1), {
            let at = provider.clock.now().minus(Duration::from_hours(25));
            at.to_beijing()[..10].to_owned()
        });
        let today = day(&provider, 0);
        for (from, until, said) in [
            (&*yesterday, "", "开始日期不正确"),
            ("2026-02-30", "", "开始日期不正确"),
            ("下周", "", "开始日期不正确"),
            ("", &*yesterday, "有效期已过"),
            (&*tomorrow, &*today, "有效期已过"),
            ("", "9999-99-99", "日期不正确"),
        ] {
            let fields = [("matters", "all"), ("from", from), ("until", until)];
            let page = offer(&provider, &browser, "/account/mandates", (&other, &fields)).await;
            assert_eq!(page.status, 400, "{from} {until}: {}", page.body);
            assert!(page.body.contains(said), "{from} {until}: {}", page.body);
        }
        assert_eq!(provider.rows(&["mandate"]).await, [0]);
        let fields = [("matters", "all"), ("from", &*today), ("until", &*today)];
        let page = offer(&provider, &browser, "/account/mandates", (&other, &fields)).await;
        assert_eq!(page.status, 303, "today is a term: {}", page.body);
    }
);

on_both!(
    /// Of two mandates for one organisation the wider one counts, whatever their terms.
    the_wider_mandate_counts,
    |provider| {
        let (uscc, boss, (agent, browser)) = with_agent(&provider, 9881).await;
        let narrow = [("matters", "listed"), ("items", "140100-0042")];
        appoint(&provider, (&boss, &uscc), (&agent, &browser), &narrow).await;
        let all = format!(
            "UPDATE mandate SET valid_until = {} WHERE matters = '\"all\"' AND role = 'agent'",
            provider.clock.now().0 + DAY
        );
        provider.execute(&all).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let page = chooser(&browser, &web1, &[]).await;
        let page = choose(&browser, &page, &uscc).await;
        let token = claims(tokens(&web1, &page).await["id_token"].as_str().unwrap());
        assert_eq!(token["org"]["uscc"], *uscc);
        assert!(token["org"].get("items").is_none(), "everything: {token}");
    }
);

on_both!(
    /// Who appoints others under a mandate of his own sees those, however many others the organisation has appointed since.
    an_agent_sees_those_he_appointed,
    |provider| {
        let (boss, boss_browser) = logged_in(&provider, 9885).await;
        let (agent, browser) = logged_in(&provider, 9886).await;
        let (below, below_browser) = logged_in(&provider, 9887).await;
        let known = entity(9885, &boss);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        assert_eq!(claim(&provider, &boss_browser, uscc).await.status, 303);
        let fields = [("matters", "all"), ("delegation", "1")];
        appoint(&provider, (&boss_browser, uscc), (&agent, &browser), &fields).await;
        let path = managing(&provider, &browser, uscc).await;
        let all = [("matters", "all")];
        assert_eq!(offer(&provider, &browser, &path, (&below, &all)).await.status, 303);
        accept(&provider, &below_browser).await;
        let of_boss = managing(&provider, &boss_browser, uscc).await;
        for seed in 0..60 {
            if seed == 20 || seed == 40 {
                // Offers are throttled by the hour.
                provider.clock.advance(61 * 60 * 1000);
                log_in(&provider, &boss_browser, &boss).await;
            }
            let other = Person::synthetic(98_900 + seed);
            let made = offer(&provider, &boss_browser, &of_boss, (&other, &all)).await;
            assert_eq!(made.status, 303, "{seed}: {}", made.body);
        }
        log_in(&provider, &browser, &agent).await;
        let page = browser_page(&provider, &browser, &path).await;
        let row = row_of(&page, &below.name);
        assert_eq!(page.body.matches("id=\"end-").count(), 1, "and nobody else's");
        let end = [("step", "end"), ("mandate", &*row)];
        assert_eq!(step(&provider, &browser, &path, &end).await.status, 303);
        assert_eq!(state_of(&provider, &row).await, "revoked");
        let page = browser_page(&provider, &boss_browser, &of_boss).await;
        let next = between(&page, "?before=", "\"").expect("more than a page");
        let page = browser_page(&provider, &boss_browser, &format!("{of_boss}?before={next}")).await;
        assert!(page.body.contains(&agent.name), "{}", page.body);
    }
);

on_both!(
    /// What somebody represented, and who acted for somebody, stays to be read by them when it is over, and by nobody else.
    what_is_over_can_be_read,
    |provider| {
        let (uscc, boss, (agent, browser)) = with_agent(&provider, 9891).await;
        let path = managing(&provider, &boss, &uscc).await;
        let page = browser_page(&provider, &boss, &path).await;
        let row = row_of(&page, &agent.name);
        let end = [("step", "end"), ("mandate", &*row)];
        assert_eq!(step(&provider, &boss, &path, &end).await.status, 303);
        assert!(!mandates(&provider, &browser).await.body.contains(&uscc));
        let page = browser_page(&provider, &browser, HISTORY).await;
        assert!(page.body.contains(&uscc) && page.body.contains("已收回"), "{}", page.body);

        let all = [("matters", "all")];
        let (friend, friend_browser) = logged_in(&provider, 9893).await;
        offer(&provider, &browser, "/account/mandates", (&friend, &all)).await;
        let kept = accept(&provider, &friend_browser).await;
        let mine = format!("{HISTORY}?of=mine");
        let page = browser_page(&provider, &browser, &mine).await;
        assert!(page.body.contains(&friend.name), "{}", page.body);
        let end = [("step", "end"), ("mandate", &*kept)];
        assert_eq!(step(&provider, &browser, "/account/mandates", &end).await.status, 303);
        assert!(!browser_page(&provider, &browser, &mine).await.body.contains(&friend.name));
        let over = format!("{HISTORY}?of=over");
        let page = browser_page(&provider, &browser, &over).await;
        assert!(page.body.contains(&friend.name), "{}", page.body);
        assert!(!browser_page(&provider, &boss, &over).await.body.contains(&friend.name));
        let held = browser_page(&provider, &friend_browser, HISTORY).await;
        assert!(!held.body.contains(&agent.name), "masked: {}", held.body);
        for wrong in ["?of=all", "?before=x", "?of=over&before=1"] {
            let page = browser_page(&provider, &browser, &format!("{HISTORY}{wrong}")).await;
            assert_eq!(page.status, 400, "{wrong}");
        }
    }
);

on_both!(
    /// Who closes his account acts for nobody any more, nor does anybody by him or for him, and those are told.
    a_closed_account_ends_its_mandates,
    |provider| {
        let (uscc, _, (agent, browser)) = with_agent(&provider, 9901).await;
        let boss = Person::synthetic(9901);
        let (friend, friend_browser) = logged_in(&provider, 9903).await;
        let boss_browser = Browser::new();
        log_in(&provider, &boss_browser, &boss).await;
        let all = [("matters", "all")];
        offer(&provider, &boss_browser, "/account/mandates", (&friend, &all)).await;
        accept(&provider, &friend_browser).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let page = chooser(&browser, &web1, &[("scope", "openid offline_access")]).await;
        let answer = tokens(&web1, &choose(&browser, &page, &uscc).await).await;

        let account = provider.account(&boss).await;
        let context = yihao::domain::request_context::RequestContext::internal("test");
        cancellation::ask(&provider.provider, &context, &account).await.unwrap();
        let open = "SELECT COUNT(*) FROM mandate WHERE state = 'active'";
        assert_eq!(provider.count(open).await, 3, "there is time to think it over");
        provider.execute("UPDATE cancellation SET due_at = 1").await;
        yihao::cli::background::end_accounts(&provider.provider).await.unwrap();

        assert_eq!(provider.count(open).await, 0);
        let refreshed = web1.refresh(answer["refresh_token"].as_str().unwrap()).await;
        assert_eq!(refreshed.status, 400, "{}", refreshed.body);
        assert!(!mandates(&provider, &browser).await.body.contains(&uscc));
        for person in [&agent, &friend] {
            let told = provider.last_message_to(&person.phone).await.unwrap();
            assert!(told.text.contains("授权已被收回"), "{}", told.text);
        }
        let left = provider.last_message_to(&boss.phone).await.unwrap();
        assert!(left.text.contains("已注销"), "{}", left.text);
    }
);

on_both!(
    /// An account that nobody confirmed to be somebody's neither takes a mandate nor gives one (decision 0014).
    nobody_unconfirmed_takes_or_gives,
    |provider| {
        let (_, boss) = logged_in(&provider, 9911).await;
        let guest = Person {
            assurance: IdentityAssurance::from_level(0).unwrap(),
            ..Person::synthetic(9912)
        };
        provider.add_person(&guest).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &guest).await;
        let all = [("matters", "all")];
        let (path, friend) = ("/account/mandates", Person::synthetic(9913));
        let page = offer(&provider, &browser, path, (&friend, &all)).await;
        assert_eq!(page.status, 400, "{}", page.body);
        assert!(page.body.contains("您的身份尚未核验"), "{}", page.body);
        assert_eq!(provider.rows(&["mandate"]).await, [0]);

        assert_eq!(offer(&provider, &boss, path, (&guest, &all)).await.status, 303);
        let page = mandates(&provider, &browser).await;
        let waits = between(&page, "id=\"accept-", "\"").expect("he sees it");
        let yes = [("step", "accept"), ("mandate", &*waits)];
        let page = step(&provider, &browser, path, &yes).await;
        assert_eq!(page.status, 409);
        assert!(page.body.contains("您的身份尚未核验"), "{}", page.body);
        assert_eq!(state_of(&provider, &waits).await, "offered");
        let no = [("step", "decline"), ("mandate", &*waits)];
        assert_eq!(step(&provider, &browser, path, &no).await.status, 303);
    }
);

on_both!(
    /// Nobody buries what was offered to somebody under offers of his own that are meant for nobody; what nobody answers
    /// lapses after thirty days.
    offers_to_nobody_hide_none,
    |provider| {
        let (boss, boss_browser) = logged_in(&provider, 9921).await;
        let (target, browser) = logged_in(&provider, 9922).await;
        let wrong = Person { name: boss.name.clone(), ..target.clone() };
        let (all, path) = ([("matters", "all")], "/account/mandates");
        for seed in 9924..9929 {
            let (_, grantor) = logged_in(&provider, seed).await;
            for _ in 0..10 {
                assert_eq!(offer(&provider, &grantor, path, (&wrong, &all)).await.status, 303);
            }
            provider.clock.advance(61 * 60 * 1000);
        }
        log_in(&provider, &boss_browser, &boss).await;
        for _ in 0..10 {
            assert_eq!(offer(&provider, &boss_browser, path, (&wrong, &all)).await.status, 303);
        }
        let page = offer(&provider, &boss_browser, path, (&wrong, &all)).await;
        assert_eq!(page.status, 400, "{}", page.body);
        assert!(page.body.contains("等待确认"), "{}", page.body);
        let opens = "SELECT COUNT(*) FROM mandate WHERE state = 'offered'";
        assert_eq!(provider.count(opens).await, 60);
        let (friend, friend_browser) = logged_in(&provider, 9923).await;
        assert_eq!(offer(&provider, &friend_browser, path, (&target, &all)).await.status, 303);
        log_in(&provider, &browser, &target).await;
        let page = mandates(&provider, &browser).await;
        assert!(page.body.contains(&friend.name), "{}", page.body);
        assert_eq!(page.body.matches("id=\"accept-").count(), 1);

        provider.clock.advance(31 * DAY);
        for _ in 0..400 {
            if provider.count(opens).await == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(provider.count("SELECT COUNT(*) FROM mandate WHERE state = 'lapsed'").await, 61);
    }
);

on_both!(
    /// Where no password was typed a moment ago, the page of an organisation ends what others have there at once, and
    /// nothing of the person's own.
    what_is_ones_own_ends_with_the_password_alone,
    |provider| {
        let (uscc, boss_browser, (agent, _)) = with_agent(&provider, 9931).await;
        let boss = Person::synthetic(9931);
        let second = entity(9932, &boss);
        provider.add_organisation(&second).await;
        assert_eq!(claim(&provider, &boss_browser, second.uscc.as_str()).await.status, 303);
        let path = managing(&provider, &boss_browser, &uscc).await;
        let other = managing(&provider, &boss_browser, second.uscc.as_str()).await;
        let [own, elsewhere] = [&path, &other].map(|path| path.rsplit('/').next().unwrap().to_owned());
        provider.clock.advance(6 * 60 * 1000);
        for mine in [&own, &elsewhere] {
            let end = [("step", "end"), ("mandate", &**mine)];
            let page = step(&provider, &boss_browser, &path, &end).await;
            assert!(page.header("location").contains("reauthenticate"), "{}", page.body);
            assert_eq!(state_of(&provider, mine).await, "active");
        }
        let page = browser_page(&provider, &boss_browser, &path).await;
        let row = row_of(&page, &agent.name);
        let end = [("step", "end"), ("mandate", &*row)];
        let page = step(&provider, &boss_browser, &path, &end).await;
        assert!(page.header("location").contains("done=ended"), "{}", page.body);
    }
);

on_both!(
    /// Who asks the chooser for a place behind its end sees its beginning.
    a_place_beyond_the_chooser_is_its_beginning,
    |provider| {
        let (uscc, _, (_, browser)) = with_agent(&provider, 9935).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let page = chooser(&browser, &web1, &[]).await;
        let form = page.form();
        for from in ["18446744073709551615", "9", "-1", "x"] {
            let mut fields: Vec<(&str, &str)> =
                form.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            fields.extend([("search", ""), ("from", from)]);
            let answer = browser.post(form.action.as_str(), &fields).await;
            assert_eq!(answer.status, 200, "{from}: {}", answer.body);
            assert!(answer.body.contains(&format!("act-as-{uscc}")), "{from}: {}", answer.body);
        }
    }
);

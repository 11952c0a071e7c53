//! Mandates through the front door (design D3): who may claim an organisation, what may be granted, and what
//! the register suspends.

use yihao::domain::legal_entity::EntityStatus;
use yihao::domain::legal_entity::LegalEntity;

use crate::logout::listen;
use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::organisation::appoint;
use crate::support::organisation::browser_page;
use crate::support::organisation::choose;
use crate::support::organisation::chooser;
use crate::support::organisation::claim;
use crate::support::organisation::entity;
use crate::support::organisation::logged_in;
use crate::support::organisation::managing;
use crate::support::organisation::mandates;
use crate::support::organisation::offer;
use crate::support::organisation::portal;
use crate::support::organisation::row_of;
use crate::support::organisation::step;
use crate::support::organisation::takes_all;
use crate::support::organisation::tokens;
use crate::support::organisation::with_agent;

/// Who offers what to whom, under which page, and the answer.
type Row<'a> = (&'a Browser, &'a str, &'a Person, &'a [(&'a str, &'a str)], u16);

on_both!(
    /// Another representative, or the end of the organisation, suspends every mandate that hangs on it.
    what_the_register_says_suspends_mandates,
    |provider| {
        let (uscc, boss, (_, browser)) = with_agent(&provider, 9151).await;
        takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let page = chooser(&browser, &web1, &[("scope", "openid offline_access")]).await;
        let answer = tokens(&web1, &choose(&browser, &page, &uscc).await).await;
        let (heir, heir_browser) = logged_in(&provider, 9153).await;
        let changed = LegalEntity { ..entity(9151, &heir) };

        provider.add_organisation(&changed).await;

        let mut status = 200;
        for _ in 0..200 {
            let token = [("token", answer["access_token"].as_str().unwrap())];
            let told = web1.call("/oauth2/introspect", &token).await.json();
            if told["active"] == false {
                status = web1.refresh(answer["refresh_token"].as_str().unwrap()).await.status;
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        assert_eq!(status, 400, "it ended by itself");
        let page = mandates(&provider, &boss).await;
        assert!(!page.body.contains(&uscc), "the old one represents it no more");
        let refused = claim(&provider, &boss, &uscc).await;
        assert_eq!(refused.status, 400);
        assert_eq!(claim(&provider, &heir_browser, &uscc).await.status, 303);
        let over = LegalEntity { status: EntityStatus::Deregistered, ..changed };
        provider.add_organisation(&over).await;
        for _ in 0..200 {
            if !mandates(&provider, &heir_browser).await.body.contains(&uscc) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("an organisation that is no more has a representative");
    }
);

on_both!(
    /// Of fifty claims at once one wins, and the others change nothing; nobody else may claim at all.
    one_of_fifty_claims_wins,
    |provider| {
        let (boss, browser) = logged_in(&provider, 9161).await;
        let (_, stranger) = logged_in(&provider, 9162).await;
        let known = entity(9161, &boss);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        assert_eq!(claim(&provider, &stranger, uscc).await.status, 400);
        assert_eq!(claim(&provider, &stranger, "91140000701011888X0").await.status, 400);
        let nowhere = yihao::domain::synthetic::uscc(9169);
        let unknown = claim(&provider, &stranger, nowhere.as_str()).await;
        assert!(unknown.body.contains("登记信息不能确认"), "it is not told which");
        let csrf = browser.get(&provider.url("/account/password")).await.csrf();
        let mut set = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (browser, csrf) = (browser.copy(), csrf.clone());
            let (url, uscc) = (provider.url("/account/mandates"), uscc.to_owned());
            set.spawn(async move {
                let fields = [("csrf", &*csrf), ("step", "claim"), ("uscc", &*uscc)];
                browser.post(&url, &fields).await.status
            });
        }

        let statuses = set.join_all().await;

        let won = statuses.iter().filter(|status| **status == 303).count();
        assert_eq!(won, 1, "{statuses:?}");
        let page = mandates(&provider, &browser).await;
        assert_eq!(page.body.matches(&format!("id=\"manage-{uscc}\"")).count(), 1);
    }
);

on_both_backends!(
    /// Nobody gives more than he has, to somebody in the line, or under what is another's.
    grants_that_go_too_far_are_refused,
    |backend| {
        let (port, heard) = listen(0).await;
        let provider = TestProvider::start_with(backend, |config| {
            config.outbound.allow = vec![format!("localhost:{port}")];
        })
        .await;
        let (uscc, boss, (_, browser)) = with_agent(&provider, 9171).await;
        portal(&provider, "acting1", port).await;
        let path = managing(&provider, &boss, &uscc).await;
        let (admin, admin_browser) = logged_in(&provider, 9173).await;
        let fields = [("role", "administrator"), ("matters", "all"), ("delegation", "1")];
        appoint(&provider, (&boss, &uscc), (&admin, &admin_browser), &fields).await;
        let below = managing(&provider, &admin_browser, &uscc).await;
        let third = Person::synthetic(9174);
        let table: [Row<'_>; 9] = [
            (&admin_browser, &below, &third, &[("matters", "all"), ("delegation", "1")], 400),
            (&admin_browser, &below, &third, &[("role", "administrator"), ("matters", "all")], 400),
            (&admin_browser, &below, &third, &[("matters", "listed")], 400),
            (&admin_browser, &below, &third, &[("matters", "all"), ("until", "2020-01-01")], 400),
            (&admin_browser, &below, &third, &[("matters", "all"), ("until", "soon")], 400),
            (&admin_browser, &below, &admin, &[("matters", "all")], 400),
            (&admin_browser, &path, &third, &[("matters", "all")], 404),
            (&browser, &below, &third, &[("matters", "all")], 404),
            (&admin_browser, &below, &third, &[("matters", "all")], 303),
        ];
        for (number, (who, path, whom, fields, status)) in table.into_iter().enumerate() {
            let answer = offer(&provider, who, path, (whom, fields)).await;
            assert_eq!(answer.status, status, "row {number}: {}", answer.body);
        }
        let above = Person::synthetic(9171);
        let loops = offer(&provider, &admin_browser, &below, (&above, &[("matters", "all")])).await;
        assert_eq!(loops.status, 400, "whoever stands above stands in the line");
        let nobodys = [("step", "end"), ("mandate", "0193f6a2-7c1e-7000-8000-000000000001")];
        assert_eq!(step(&provider, &browser, "/account/mandates", &nobodys).await.status, 409);
        let page = browser_page(&provider, &boss, &path).await;
        let admins = row_of(&page, &admin.name);
        let theft = [("step", "end"), ("mandate", &*admins)];
        assert_eq!(step(&provider, &browser, "/account/mandates", &theft).await.status, 409);
        assert_eq!(step(&provider, &boss, &path, &theft).await.status, 303);
        let ended = browser_page(&provider, &boss, &format!("{path}?over=1")).await;
        assert!(ended.body.contains(&third.name), "what hung on it ended with it: {}", ended.body);
        assert!(heard.lock().unwrap().is_empty(), "nobody had come to the portal");
    }
);

on_both!(
    /// Whoever represents many finds each: a page at a time, by a part of the name or of the code.
    many_organisations_are_pages_and_are_searched,
    |provider| {
        let (boss, browser) = logged_in(&provider, 9_240).await;
        let mut codes = Vec::new();
        for seed in 9_240..9_262 {
            let known = entity(seed, &boss);
            provider.add_organisation(&known).await;
            let done = claim(&provider, &browser, known.uscc.as_str()).await;
            assert_eq!(done.status, 303, "{}", done.body);
            codes.push(known.uscc.as_str().to_owned());
        }
        let shown = |page: &Page| -> Vec<String> {
            let is_shown = |code: &&String| page.body.contains(&format!("id=\"manage-{code}\""));
            codes.iter().filter(is_shown).cloned().collect()
        };
        let first = mandates(&provider, &browser).await;
        let more = [("step", "search"), ("search", ""), ("from", "20")];
        let second = step(&provider, &browser, "/account/mandates", &more).await;
        let (first, second) = (shown(&first), shown(&second));
        assert_eq!((first.len(), second.len()), (20, 2));
        assert!(first.iter().all(|code| !second.contains(code)));
        let spelled = format!(" {} {} ", &codes[21][..9].to_lowercase(), &codes[21][9..]);
        for search in ["企业9261", &spelled] {
            let fields = [("step", "search"), ("search", search)];
            let page = step(&provider, &browser, "/account/mandates", &fields).await;
            assert_eq!(shown(&page), [codes[21].clone()], "{search}");
        }
        for (search, from) in [("没有这个", ""), ("\" onfocus=alert(1)", "x"), ("", "99999999999999")] {
            let fields = [("step", "search"), ("search", search), ("from", from)];
            let page = step(&provider, &browser, "/account/mandates", &fields).await;
            assert_eq!(page.status, 200, "{search}");
            assert!(!page.body.contains("\" onfocus"));
        }
    }
);

on_both!(
    /// names and numbers are not tried out by offering mandates, neither by one account nor by several
    /// who act for one organisation.
    offers_are_counted_by_account_and_by_organisation,
    |provider| {
        let (boss, boss_browser) = logged_in(&provider, 9181).await;
        let (other, other_browser) = logged_in(&provider, 9182).await;
        let known = entity(9181, &boss);
        provider.add_organisation(&known).await;
        let uscc = known.uscc.as_str();
        assert_eq!(claim(&provider, &boss_browser, uscc).await.status, 303);
        let administrator = [("role", "administrator"), ("delegation", "1"), ("matters", "all")];
        appoint(&provider, (&boss_browser, uscc), (&other, &other_browser), &administrator).await;
        let path = managing(&provider, &other_browser, uscc).await;
        let mut statuses = Vec::new();
        for _ in 0..22 {
            // The number of who stands above is the one worth finding out.
            let page = offer(&provider, &other_browser, &path, (&boss, &[])).await;
            statuses.push(page.status);
        }
        let counted = statuses.iter().filter(|status| **status == 400).count();
        assert_eq!((counted, statuses.last()), (21, Some(&429)), "{statuses:?}");
        let told = ["mandate_offered refused too many attempts"];
        assert_eq!(provider.audit(1).await, told);
        // An hour later the account may again; the organisation has its own count.
        let offers = "SELECT failures FROM throttle ORDER BY failures DESC LIMIT 1";
        let most: i64 = provider.value(offers).await;
        assert_eq!(most, 22, "the organisation's count has the first offer of the other too");
        let named = Person::synthetic(9183);
        let themselves = offer(&provider, &boss_browser, "/account/mandates", (&named, &[])).await;
        assert_eq!(themselves.status, 303, "another account is not held up: {}", themselves.body);
    }
);

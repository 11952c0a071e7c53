//! Logging in with a password (NIST SP 800-63B §3.1.1; security.md, P6, P13).

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::try_password;

async fn person(provider: &TestProvider, seed: u64) -> Person {
    let person = Person::synthetic(seed);
    provider.add_person(&person).await;
    person
}

/// The page without what differs from request to request.
fn essence(page: &Page, typed: &str) -> String {
    let form = page.form();
    let mut body = page.body.replace(&form.fields["csrf"], "");
    if !typed.is_empty() {
        body = body.replace(typed, "");
    }
    body
}

on_both!(the_right_password_logs_in_and_a_wrong_one_does_not, |provider| {
    let person = person(&provider, 1).await;
    let browser = Browser::new();
    let wrong = try_password(&provider, &browser, (&person.id_number, "wrong")).await;
    assert_eq!(wrong.status, 400);
    assert!(!is_logged_in(&provider, &browser).await);
    assert_eq!(provider.audit(1).await, ["login refused wrong answer"]);
    log_in(&provider, &browser, &person).await;
    assert!(is_logged_in(&provider, &browser).await);
    assert_eq!(provider.audit(1).await, ["login done"]);
});

on_both!(
    /// wrong, unknown, locked, no identifier at all: one page.
    nobody_can_tell_why_a_login_was_refused,
    |provider| {
        use yihao::domain::account::AccountStatus;
        use yihao::domain::audit_event::AuditKind;
        let (known, locked) = (person(&provider, 1).await, person(&provider, 2).await);
        let account = provider.account(&locked).await;
        let context = yihao::domain::request_context::RequestContext::internal("test");
        let record = yihao::audit::done(AuditKind::AccountLocked).record(&provider.provider, &context);
        let store = &provider.provider.store;
        let now = provider.clock.now();
        store.set_account_status(account.id, AccountStatus::Locked, record, now).await.unwrap();

        let mut pages = Vec::new();
        let unknown = Person::synthetic(99);
        for (identifier, password) in [
            (&*known.id_number, "wrong"),
            (&*unknown.id_number, "wrong"),
            (&*locked.id_number, locked.password()),
            ("nonsense", "wrong"),
        ] {
            let page = try_password(&provider, &Browser::new(), (identifier, password)).await;
            assert_eq!(page.status, 400);
            pages.push(essence(&page, identifier));
        }
        assert!(pages.iter().all(|page| *page == pages[0]));
        let audit = provider.audit(4).await;
        assert!(audit.iter().all(|line| line.starts_with("login refused ")), "{audit:?}");
    }
);

on_both!(
    /// one number, however it is typed.
    every_usual_spelling_of_an_identifier_is_the_same,
    |provider| {
        let seed = (1..200).find(|n| Person::synthetic(*n).id_number.ends_with('X')).unwrap();
        let person = person(&provider, seed).await;
        let number = &person.id_number;
        let wide: String = number
            .chars()
            .map(|c| match c {
                '0'..='9' => char::from_u32(c as u32 + 0xFEE0).unwrap(),
                _ => 'Ｘ',
            })
            .collect();
        let short = person.phone.trim_start_matches("+86").to_owned();
        for typed in [
            number.clone(),
            number.to_lowercase(),
            number.replace('X', "Ⅹ"),
            format!("  {number} "),
            wide,
            person.phone.clone(),
            short.clone(),
            format!("86{short}"),
            format!("{} {} {}", &short[..3], &short[3..7], &short[7..]),
        ] {
            let browser = Browser::new();
            let page = try_password(&provider, &browser, (&typed, person.password())).await;
            assert_eq!(page.status, 303, "{typed:?}");
        }
        let circled = number.replacen('1', "①", 1);
        let page = try_password(&provider, &Browser::new(), (&circled, person.password())).await;
        assert_eq!(page.status, 400, "what no person types is no spelling");
    }
);

on_both!(
    /// failures count against the account, over every spelling and every source.
    failures_slow_an_account_down_and_then_rest_it,
    |provider| {
        let person = person(&provider, 1).await;
        let short = person.phone.trim_start_matches("+86").to_owned();
        let spellings = [&person.id_number, &person.phone, &short];
        for spelling in spellings {
            let page = try_password(&provider, &Browser::new(), (spelling, "wrong")).await;
            assert_eq!(page.status, 400);
        }
        let right = (&*person.id_number, person.password());
        assert_eq!(try_password(&provider, &Browser::new(), right).await.status, 400, "a second's rest");
        assert_eq!(provider.audit(1).await, ["login refused too many attempts"]);
        provider.clock.advance(1_500);
        assert_eq!(try_password(&provider, &Browser::new(), right).await.status, 303);

        for _ in 0..10 {
            provider.clock.advance(31_000);
            try_password(&provider, &Browser::new(), (&person.id_number, "wrong")).await;
        }
        provider.clock.advance(60_000);
        assert_eq!(try_password(&provider, &Browser::new(), right).await.status, 400, "it rests");
        provider.clock.advance(15 * 60_000);
        assert_eq!(try_password(&provider, &Browser::new(), right).await.status, 303, "and comes back");
    }
);

on_both!(
    /// an identifier nobody has is throttled like one somebody has.
    an_unknown_identifier_is_throttled_as_well,
    |provider| {
        let nobody = Person::synthetic(50).id_number;
        for _ in 0..4 {
            try_password(&provider, &Browser::new(), (&nobody, "wrong")).await;
        }
        assert_eq!(provider.audit(1).await, ["login refused too many attempts"]);
    }
);

on_both!(
    /// many people may share an address; one of them cannot shut the others out.
    a_noisy_source_does_not_shut_out_its_neighbours,
    |provider| {
        let neighbour = person(&provider, 1).await;
        for seed in 200..260 {
            let unknown = Person::synthetic(seed).id_number;
            try_password(&provider, &Browser::new(), (&unknown, "wrong")).await;
        }
        log_in(&provider, &Browser::new(), &neighbour).await;
    }
);

on_both!(
    /// A-70, G3: no number, phone or password in an audit record.
    refusals_are_recorded_without_what_was_typed,
    |provider| {
        use yihao::store::sql::AuditQuery;
        let person = person(&provider, 1).await;
        try_password(&provider, &Browser::new(), (&person.id_number, "wrong horse battery")).await;
        let query = AuditQuery { account_id: None, before: None, limit: 50 };
        for sealed in provider.provider.store.find_audit(&query).await.unwrap() {
            let text = format!("{:?}", sealed.record);
            for typed in [&*person.id_number, &*person.phone, "wrong horse battery", &*person.name] {
                assert!(!text.contains(typed), "{text}");
            }
        }
    }
);

on_both!(
    /// D9: a hash of another profile is replaced at the moment the password is known.
    an_outdated_hash_is_replaced_at_login,
    |provider| {
        use yihao::crypto::password::PasswordHasher;
        use yihao::crypto::password::Profile;
        let person = person(&provider, 1).await;
        let pepper = &provider.provider.vault.pepper[..];
        let old = PasswordHasher::new(Profile::GM, pepper).unwrap().hash(person.password().as_bytes());
        let account = provider.account(&person).await;
        let store = &provider.provider.store;
        let before = account.password_hash.clone().unwrap();
        store.replace_password_hash(account.id, before, old.clone()).await.unwrap();

        log_in(&provider, &Browser::new(), &person).await;

        let now = provider.account(&person).await.password_hash.unwrap();
        assert!(now != old && now.contains("argon2id"), "{now}");
        log_in(&provider, &Browser::new(), &person).await;
    }
);

on_both!(passwords_are_characters_not_bytes, |provider| {
    let mut person = Person::synthetic(1);
    person.password = Some("  caf\u{e9} 三月 ".to_owned());
    provider.add_person(&person).await;
    for (typed, status) in
        [("  caf\u{e9} 三月 ", 303), ("  cafe\u{301} 三月 ", 303), ("caf\u{e9} 三月", 400)]
    {
        let page = try_password(&provider, &Browser::new(), (&person.id_number, typed)).await;
        assert_eq!(page.status, status, "{typed:?}");
    }
    let long = "好".repeat(500);
    let page = try_password(&provider, &Browser::new(), (&person.id_number, &long)).await;
    assert_eq!(page.status, 400);
});

//! The history a person sees (GB/T 35273-2020 §8): every event of their own once, over all pages.

use std::time::Duration;

use yihao::audit;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::request_context::RequestContext;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::login::log_in;

on_both!(
    /// Events of one moment are not lost between two pages.
    no_event_is_lost_between_two_pages,
    |provider| {
        let person = Person::synthetic(261);
        provider.add_person(&person).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let account = provider.account(&person).await;
        let (inner, context) = (&provider.provider, RequestContext::internal("test"));
        // Three at a time: a page of twenty ends within a moment.
        for number in 0..45 {
            let event = audit::refused(AuditKind::StepUp, "test").account(&account);
            let mut record = event.record(inner, &context);
            let moment = Duration::from_secs(3600 + number / 3);
            record.at = inner.clock.now().minus(moment);
            record.at.0 -= record.at.0 % 1000;
            record.mac = record.expected_mac(&inner.vault.audit).to_vec();
            inner.store.record(record).await.unwrap();
        }

        let (mut seen, mut pages, mut next) = (0, 0, Some("/account/history".to_owned()));
        while let Some(path) = next {
            let page = browser.get(&provider.url(&path)).await;
            assert_eq!(page.status, 200, "{path}");
            seen += page.body.matches("outcome-refused").count();
            pages += 1;
            let start = page.body.find("/account/history?before=");
            next = start.map(|at| page.body[at..].split('"').next().unwrap().to_owned());
        }

        assert_eq!((seen, pages), (45, 3));
    }
);

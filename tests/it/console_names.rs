//! People in the console by their exact name: within a region, masked, a page at a time, and those too who had
//! an account before there was an index (security.md ).

use std::collections::BTreeSet;

use yihao::domain::operator::Role;
use yihao::domain::request_context::RequestContext;
use yihao::people::cancellation;
use yihao::people::name_index;

use crate::on_both;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console;
use crate::support::console::Operator;
use crate::support::console::appoint;
use crate::support::console::officers;
use crate::support::console::send;

const NAME: &str = "测试·同名";
const PATH: &str = "/console/people/by-name";
/// Of the newest look-up by name, what was recorded; other records come when they come.
const SOUGHT: &str =
    "SELECT details FROM audit WHERE kind = 'person_sought' ORDER BY at DESC, id DESC";
/// Longer than anybody may think it over.
const LEAVE: i64 = 40 * 24 * 3_600_000;

async fn seek(provider: &TestProvider, operator: &Operator, fields: &[(&str, &str)]) -> Page {
    send(provider, operator, PATH, fields).await
}

/// Somebody of that name whose number was allotted in that division, born in a century to come.
fn person(seed: u64, division: &str, name: &str) -> Person {
    let id_number = format!("{division}21000101{:03}X", seed % 1000);
    Person { name: name.to_owned(), id_number, ..Person::synthetic(seed) }
}

/// Adds them without the costly hash of a password each.
async fn add(provider: &TestProvider, people: &[Person]) {
    for person in people {
        provider.add_account(&person.profile(), "a hash".to_owned(), person).await;
    }
}

/// The accounts a page links to, in order.
fn listed(page: &Page) -> Vec<String> {
    let links = page.body.split("<th scope=\"row\"").skip(1);
    let links = links.map(|row| row.split("href=\"").nth(1).unwrap().split('"').next().unwrap());
    links.map(|path| path.rsplit('/').next().unwrap().to_owned()).collect()
}

async fn ids(provider: &TestProvider, people: &[&Person]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for person in people {
        ids.insert(provider.account(person).await.id.to_string());
    }
    ids
}

on_both!(
    /// any spelling of the whole name finds everybody of it and nobody else; what is shown is masked,
    /// and the look-up is recorded without the name.
    people_are_found_by_their_exact_name,
    |provider| {
        let [_, security, _] = officers(&provider).await;
        let people = [person(9101, "140105", NAME), person(9102, "110105", NAME)];
        let other = person(9103, "140105", "测试·同名者");
        add(&provider, &people).await;
        add(&provider, std::slice::from_ref(&other)).await;
        let both = ids(&provider, &[&people[0], &people[1]]).await;
        for spelling in [NAME, " 测试•同名\u{3000}", "测试.同名"] {
            let page = seek(&provider, &security, &[("name", spelling)]).await;
            assert_eq!(page.status, 200, "{}", page.body);
            assert_eq!(listed(&page).into_iter().collect::<BTreeSet<_>>(), both, "{spelling}");
            assert_eq!(provider.audit(1).await, ["person_sought done"]);
            assert!(page.body.contains("山西省太原市小店区") && page.body.contains("北京市朝阳区"));
            for person in &people {
                assert!(!page.body.contains(&person.id_number) && !page.body.contains(&person.phone));
            }
        }
        let details = provider.value::<String>(SOUGHT).await;
        assert!(details.contains("\"found\":2") && details.contains("\"by\":\"name\""), "{details}");
        assert!(!details.contains("同名"), "{details}");
        for nobody in ["测试·同", "测试", "同名"] {
            let page = seek(&provider, &security, &[("name", nobody)]).await;
            assert_eq!((page.status, listed(&page).len()), (200, 0), "{nobody}");
            assert_eq!(provider.audit(1).await, ["person_sought refused nobody here"]);
        }
        let long = "长".repeat(101);
        for nothing in ["", " ", "12345", "<b>测试", "%", &long] {
            let page = seek(&provider, &security, &[("name", nothing)]).await;
            assert_eq!(page.status, 400, "{nothing}");
        }
    }
);

on_both!(
    /// within the operator's region or a narrower one; another one is refused and recorded, and no mark
    /// leads out of it.
    a_name_is_sought_within_the_region,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let both = [&system, &security];
        let people = ["110105", "140105", "140106", "140202"];
        let people: Vec<_> =
            (9110..).zip(people).map(|(seed, division)| person(seed, division, NAME)).collect();
        add(&provider, &people).await;
        let role = Role::RegionAdministrator;
        let taiyuan = appoint(&provider, both, (role, "140100"), "taiyuan").await;
        let counter = appoint(&provider, both, (Role::CounterStaff, "140106"), "counter").await;
        let expect = async |operator: &Operator, fields: &[(&str, &str)], who: &[&Person]| {
            let fields = [&[("name", NAME)], fields].concat();
            let page = seek(&provider, operator, &fields).await;
            let found: BTreeSet<_> = listed(&page).into_iter().collect();
            assert_eq!(found, ids(&provider, who).await, "{fields:?}: {}", page.status);
        };
        let [beijing, xiaodian, yingze, datong] = &people[..] else { panic!("four people") };
        expect(&security, &[], &[beijing, xiaodian, yingze, datong]).await;
        expect(&security, &[("region", "140000")], &[xiaodian, yingze, datong]).await;
        expect(&security, &[("region", "140105")], &[xiaodian]).await;
        expect(&security, &[("region", "140300")], &[]).await;
        expect(&taiyuan, &[], &[xiaodian, yingze]).await;
        expect(&taiyuan, &[("region", "140106")], &[yingze]).await;
        expect(&counter, &[], &[yingze]).await;

        let mark = format!("0.{}", uuid::Uuid::nil());
        expect(&taiyuan, &[("after", &mark)], &[xiaodian, yingze]).await;
        let mark = format!("140199.{}", uuid::Uuid::nil());
        expect(&taiyuan, &[("after", &mark)], &[]).await;
        for (operator, region) in [(&taiyuan, "140000"), (&taiyuan, "110105"), (&counter, "140105")] {
            let page = seek(&provider, operator, &[("name", NAME), ("region", region)]).await;
            assert_eq!((page.status, listed(&page).len()), (400, 0), "{region}");
            assert_eq!(provider.audit(1).await, ["person_sought refused another region"]);
        }
        for region in ["14", "990000", "1401000", "' or 1=1--"] {
            let page = seek(&provider, &security, &[("name", NAME), ("region", region)]).await;
            assert_eq!(page.status, 400, "{region}");
        }
        for mark in ["x", "140105", "140105.x", "x.0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88"] {
            let page = seek(&provider, &security, &[("name", NAME), ("after", mark)]).await;
            assert_eq!(page.status, 404, "{mark}");
        }
    }
);

on_both!(
    /// A name many have is shown a page at a time, each person once, each page a look-up.
    a_name_many_have_is_paged,
    |provider| {
        let [_, security, _] = officers(&provider).await;
        let divisions = ["140105", "140106", "140202"].into_iter().cycle();
        let people: Vec<_> = (9200..9245)
            .zip(divisions)
            .map(|(seed, division)| Person {
                phone: format!("+861000001{seed}"),
                ..person(seed, division, NAME)
            })
            .collect();
        add(&provider, &people).await;
        let mut page = seek(&provider, &security, &[("name", NAME), ("region", "140000")]).await;
        let (mut seen, mut sizes) = (BTreeSet::new(), Vec::new());
        loop {
            let found = listed(&page);
            sizes.push(found.len());
            seen.extend(found);
            assert!(!page.url.as_str().contains("name="), "{}", page.url);
            if !page.has("more") {
                break;
            }
            page = security.browser.press(&page, "id=\"more\"", &[]).await;
            assert_eq!(page.status, 200, "{}", page.body);
        }
        assert_eq!(sizes, [20, 20, 5]);
        assert_eq!(seen.len(), 45);
        assert_eq!(provider.audit(4).await.iter().filter(|line| *line == "person_sought done").count(), 3);
    }
);

on_both!(
    /// Who had an account before the index is found once the walk has come by; who gives the account up is found
    /// no more, and not brought back.
    accounts_from_before_are_indexed_and_those_that_end_are_not,
    |provider| {
        let [_, security, _] = officers(&provider).await;
        let people: Vec<_> =
            (9301..9305).map(|seed| person(seed, "140105", NAME)).collect();
        add(&provider, &people).await;
        let context = RequestContext::internal("test");
        let cancelled = async |person: &Person| {
            let account = provider.account(person).await;
            cancellation::ask(&provider.provider, &context, &account).await.unwrap();
            provider.clock.advance(LEAVE);
            cancellation::end_due(&provider.provider, drop).await.unwrap();
        };
        cancelled(&people[0]).await;
        assert_eq!(provider.rows(&["name_index"]).await, [3]);
        provider.execute("DELETE FROM name_index").await;
        provider.execute("DELETE FROM name_index_progress").await;
        console::log_in(&provider, &security).await;
        let page = seek(&provider, &security, &[("name", NAME)]).await;
        assert_eq!((page.status, listed(&page).len()), (200, 0));
        assert!(page.body.contains("补建姓名索引"), "whoever looks is told");

        while name_index::walk(&provider.provider).await.unwrap() {}

        let page = seek(&provider, &security, &[("name", NAME)]).await;
        let rest = ids(&provider, &people[1..].iter().collect::<Vec<_>>()).await;
        assert_eq!(listed(&page).into_iter().collect::<BTreeSet<_>>(), rest);
        assert!(!page.body.contains("补建姓名索引"));
        cancelled(&people[1]).await;
        assert_eq!(provider.rows(&["name_index"]).await, [2]);
    }
);

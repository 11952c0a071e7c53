//! Nothing personal is readable in the database or beside it: no name, number, birth date or phone; nor
//! anything that opens a door: no code, token, cookie or recovery code (design D1; GB/T 35273-2020 §6.3,
//! security.md ).

use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::PgConnection;
use yihao::codes::Order;
use yihao::codes::announce;
use yihao::codes::import;
use yihao::domain::account::IdentifierKind;
use yihao::domain::document_type::DocumentType;
use yihao::domain::request_context::RequestContext;
use yihao::domain::synthetic;
use yihao::identifier::Typed;
use yihao::people::sign_up;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::fixture;
use crate::support::login;
use crate::support::organisation;

on_both!(nothing_personal_and_no_secret_is_readable_in_the_database, |provider| {
    let person = Person::synthetic(4711);
    let secrets = live(&provider, &person).await;

    let database = database(&provider).await;
    let text = String::from_utf8_lossy(&database);

    // What is sought would be found: the client's name is no secret.
    assert!(contains(&database, "测试门户 web1"), "{} bytes", database.len());
    let born = &person.id_number[6..14];
    let number = person.phone.trim_start_matches("+86");
    let local = &number[3..];
    let password = person.password();
    let personal = [&*person.name, &person.id_number, born, number, local, password];
    assert!(secrets.len() > 10);
    for secret in personal.into_iter().chain(secrets.iter().map(String::as_str)) {
        assert!(!contains(&database, secret), "{secret} is readable: {}", around(&text, secret));
    }
});

on_both!(nothing_of_a_passport_is_readable_in_the_database, |provider| {
    let person = Person { name: "QUILLFEATHER ADA".to_owned(), ..Person::synthetic(4712) };
    let person = person.with_document(DocumentType::ForeignPassport, "UTO", "XK8R2Q71Z");
    live(&provider, &person).await;

    let database = database(&provider).await;

    assert!(contains(&database, "测试门户 web1"), "{} bytes", database.len());
    for personal in [&*person.name, "QUILLFEATHER", &person.id_number, person.password()] {
        assert!(!contains(&database, personal), "{personal} is readable");
    }
});

/// Everything that leaves traces of a person, once well and once badly; gives the secrets it met.
async fn live(provider: &TestProvider, person: &Person) -> Vec<String> {
    provider.add_person(&person.clone().without_account()).await;
    sign_up(provider, person).await;
    let account = provider.account(person).await;
    assert!(account.password_hash.is_some());

    let browser = Browser::new();
    let web1 = RelyingParty::new(provider, "web1");
    let scope = [("scope", "openid profile phone email offline_access"), ("prompt", "consent")];
    let landing = web1.log_in(&browser, person, &scope).await;
    let tokens = web1.redeem(landing.code()).await.json();
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let rotated = web1.refresh(&token("refresh_token")).await;
    assert_eq!(rotated.status, 200);
    web1.userinfo(&token("access_token")).await;
    let (totp_secret, recovery_codes) = login::enrol(provider, &browser).await;
    let cookie = browser.cookie("yihao-session").expect("a session");
    let mut secrets = vec![landing.code().to_owned(), cookie, fixture::SECRET.to_owned()];
    secrets.extend(["refresh_token", "access_token", "id_token"].map(token));
    // As they are shown, and as they are compared.
    for shown in recovery_codes.into_iter().chain([totp_secret]) {
        secrets.push(shown.chars().filter(|c| c.is_alphanumeric()).collect());
        secrets.push(shown);
    }
    login::ask_for_code(provider, &Browser::new(), &person.phone).await;
    secrets.extend(text_messages(provider).await);

    // Refusals, too, must not tell whom they refused.
    let (id_number, phone) = (&*person.id_number, &*person.phone);
    for (identifier, password) in [(id_number, "wrong"), (phone, "wrong"), (&*person.name, "wrong")]
    {
        login::try_password(provider, &Browser::new(), (identifier, password)).await;
    }
    web1.redeem(landing.code()).await;
    let page = browser.get(&provider.url("/oauth2/logout")).await;
    browser.submit(&page, &[]).await;
    secrets
}

/// The codes that went to phones, as their rows hold them: among other digits, six may stand by chance.
async fn text_messages(provider: &TestProvider) -> Vec<String> {
    let sent = provider.messages_sent().await;
    assert!(sent >= 1);
    let codes = provider.messages().await.into_iter().filter_map(|message| message.code);
    codes
        .flat_map(|code| [format!("\"{code}\""), format!(" {code} "), format!("={code}")])
        .collect()
}

/// A sign-up from the form to the account, after one under a wrong name.
async fn sign_up(provider: &TestProvider, person: &Person) {
    let (binding, context) = ([7; 32], RequestContext::internal("test"));
    let form = sign_up::Form {
        name: &person.name,
        document: Typed {
            text: &person.id_number,
            card: person.id_type.code(),
            country: &person.id_country,
        },
        phone: &person.phone,
        password: person.password(),
        password_again: person.password(),
        terms: true,
        waits: false,
    };
    let wrong = sign_up::Form { name: "测试别人", ..form };
    sign_up::begin(&provider.provider, &context, wrong, binding).await.unwrap_err();
    let waiting = sign_up::begin(&provider.provider, &context, form, binding).await.unwrap();
    let code = provider.code_sent_to(&person.phone).await;
    let answer = (&*waiting.pending, &*code);
    sign_up::finish(&provider.provider, &context, answer, binding).await.unwrap();
    let digest = provider.provider.vault.index(IdentifierKind::Phone, &person.phone);
    assert!(provider.provider.store.find_account_by_identifier(&digest).await.unwrap().is_some());
}

/// Every file of the deployment, and every row of its database as text.
async fn database(provider: &TestProvider) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(&provider.provider.config.data_dir).unwrap() {
        all.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let url = &provider.provider.config.database.url;
    if !url.starts_with("postgres") {
        let files = &provider.provider.config.data_dir;
        assert!(files.join("yihao.db").exists() && files.join("yihao.db-wal").exists());
        return all;
    }
    let mut connection = PgConnection::connect(url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.len() > 20);
    for table in tables {
        let rows = AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
        let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut connection).await.unwrap();
        all.extend(rows.join("\n").into_bytes());
    }
    all
}

/// Whether the bytes hold this text, as it is or as the digits of its bytes.
fn contains(all: &[u8], text: &str) -> bool {
    let has = |needle: &[u8]| all.windows(needle.len()).any(|window| window == needle);
    has(text.as_bytes()) || has(hex::encode(text).as_bytes())
}

fn around<'a>(all: &'a str, text: &str) -> &'a str {
    let Some(at) = all.find(text) else { return "in hexadecimal digits" };
    let from = all.floor_char_boundary(at.saturating_sub(80));
    &all[from..all.ceil_char_boundary((at + 80).min(all.len()))]
}

on_both!(
    /// No legacy code, no credit code and no name of an organisation is readable, and none that waits to be
    /// published.
    nothing_of_a_conversion_is_readable_in_the_database,
    |provider| {
        let (uscc, other) = (synthetic::uscc(1).to_string(), synthetic::uscc(2).to_string());
        let table = format!(
            "kind,value,uscc,name\nregistration_number,149999000000019,{uscc},样例企业壹\n"
        );
        let context = RequestContext::internal("test");
        let order = Order {
            authority: "云州市市场监督管理局",
            evidence: "来函",
            encoding: None,
            dry_run: false,
        };
        let none = |_: i64, _: &str| Ok(());
        let read = import::import(&provider.provider, (&context, None), table.as_bytes(), order, none).await;
        assert_eq!(read.unwrap().1.valid, 1);
        let new = format!("uscc,name,date\n{other},样例企业贰,2026-11-26\n");
        let told = (&context, None);
        let told = announce::announce(&provider.provider, told, new.as_bytes(), order).await;
        assert_eq!(told.unwrap().1.valid, 1);

        let database = database(&provider).await;

        assert!(contains(&database, "云州市市场监督管理局"), "what is sought would be found");
        let body = &uscc[8..17];
        for secret in ["149999000000019", &*uscc, &*other, body, "样例企业"] {
            assert!(!contains(&database, secret), "{secret} is readable");
        }
    }
);

on_both!(
    /// Nothing is readable of who acts for whom, of an organisation, of a doubt, or of what officers are asked about
    /// a person: no name, number or credit code.
    nothing_of_mandates_and_identities_is_readable_in_the_database,
    |provider| {
        let (uscc, boss, (agent, browser)) = organisation::with_agent(&provider, 9_220).await;
        organisation::takes_all(&provider, "web1").await;
        let web1 = RelyingParty::new(&provider, "web1");
        let page = organisation::chooser(&browser, &web1, &[]).await;
        let named = organisation::between(&page, "id=\"act-as-", "\"").unwrap();
        organisation::choose(&browser, &page, &named).await;
        let (stranger, other) = (Person::synthetic(9_223), Person::synthetic(9_224));
        let manage = organisation::managing(&provider, &boss, &uscc).await;
        let all = [("matters", "all")];
        organisation::offer(&provider, &boss, &manage, (&stranger, &all)).await;
        organisation::claim(&provider, &boss, synthetic::uscc(9_229).as_str()).await;

        let twin = Person { name: "测试·双名".to_owned(), ..agent.clone() };
        let twin = Person { phone: other.phone.clone(), ..twin };
        provider.add_person(&twin.clone().without_account()).await;
        let (binding, context) = ([8; 32], RequestContext::internal("test"));
        let form = sign_up::Form {
            name: &twin.name,
            document: (&*twin.id_number).into(),
            phone: &twin.phone,
            password: twin.password(),
            password_again: twin.password(),
            terms: true,
            waits: false,
        };
        let waiting =
            sign_up::begin(&provider.provider, &context, form, binding).await.unwrap();
        let code = provider.code_sent_to(&twin.phone).await;
        let answer = (&*waiting.pending, &*code);
        sign_up::finish(&provider.provider, &context, answer, binding).await.unwrap_err();
        provider.add_person(&other.clone().without_account()).await;
        let [_, security, _] = officers(&provider).await;
        let path = format!("/console/people/{}/identity/correct", provider.account(&agent).await.id);
        let why = ("reason", "派出所来函核实");
        let right = [("name", &*other.name), ("id_number", &*other.id_number), why];
        assert_eq!(send(&provider, &security, &path, &right).await.status, 303);
        let rows = provider.rows(&["mandate", "acting_choice", "identity_case", "act"]).await;
        assert_eq!(rows, [3, 1, 1, 1]);

        let all = database(&provider).await;
        let text = String::from_utf8_lossy(&all);
        let people = [&agent, &stranger, &other, &twin];
        let people = people.iter().flat_map(|person| [&*person.name, &*person.id_number]);
        for secret in people.chain([&*uscc, synthetic::uscc(9_229).as_str(), "样例企业9220号"]) {
            assert!(!contains(&all, secret), "{secret} is readable: {}", around(&text, secret));
        }
    }
);

//! Nothing personal is readable in the database or beside it: no name, number, birth date or phone; nor
//! anything that opens a door: no code, token, cookie or recovery code (design D1; GB/T 35273-2020 §6.3,
//! security.md ).

use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::PgConnection;
use yihao::domain::account::IdentifierKind;
use yihao::domain::request_context::RequestContext;
use yihao::people::sign_up;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login;

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
    let mut secrets = vec![landing.code().to_owned(), cookie];
    secrets.extend(["refresh_token", "access_token", "id_token"].map(token));
    // As they are shown, and as they are compared.
    for shown in recovery_codes.into_iter().chain([totp_secret]) {
        secrets.push(shown.chars().filter(|c| c.is_alphanumeric()).collect());
        secrets.push(shown);
    }
    login::ask_for_code(provider, &Browser::new(), &person.phone).await;

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

/// A sign-up from the form to the account, after one under a wrong name.
async fn sign_up(provider: &TestProvider, person: &Person) {
    let (binding, context) = ([7; 32], RequestContext::internal("test"));
    let form = sign_up::Form {
        name: &person.name,
        id_number: &person.id_number,
        phone: &person.phone,
        password: person.password(),
        password_again: person.password(),
        terms: true,
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

//! The people and clients every front-door test finds (security.md 0.1).

use yihao::domain::account::Profile;
use yihao::domain::assurance::IdentityAssurance;
use yihao::domain::client::AccessTokenFormat;
use yihao::domain::client::ApplicationType;
use yihao::domain::client::Client;
use yihao::domain::client::ClientAuthentication;
use yihao::domain::client::ClientId;
use yihao::domain::client::ClientSecret;
use yihao::domain::client::GrantType;
use yihao::domain::document_type::DocumentType;
use yihao::domain::identity_document::PersonKey;
use yihao::domain::scope::Scope;
use yihao::protocol::registration;
use yihao::protocol::registration::NewClient;

/// The secret of every client that has one.
pub const SECRET: &str = "a client secret of 256 bits: not really, but unique";

/// A person.
#[derive(Debug, Clone)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Number of the identity document.
    pub id_number: String,
    /// What bears it.
    pub id_type: DocumentType,
    /// Which country issued it.
    pub id_country: String,
    /// Mobile phone, E.164.
    pub phone: String,
    /// Password; none for somebody without an account.
    pub password: Option<String>,
    /// How well the identity was established.
    pub assurance: IdentityAssurance,
}

impl Person {
    /// A person nobody is, made from a number.
    pub fn synthetic(seed: u64) -> Self {
        use yihao::domain::synthetic;
        Self {
            name: synthetic::name(seed).expose().to_owned(),
            id_number: synthetic::citizen_id(seed).expose().to_owned(),
            id_type: DocumentType::default(),
            id_country: "CHN".to_owned(),
            phone: synthetic::phone(seed).expose().to_owned(),
            password: Some(format!("plum rain {seed} over the lake")),
            assurance: IdentityAssurance::REGISTER_MATCH,
        }
    }

    /// The same person with another document.
    #[must_use]
    pub fn with_document(self, id_type: DocumentType, country: &str, number: &str) -> Self {
        let (id_number, id_country) = (number.to_owned(), country.to_owned());
        Self { id_number, id_type, id_country, ..self }
    }

    /// What names the document in a form, beside the number.
    pub fn document_fields(&self) -> [(&'static str, &str); 2] {
        [("id_type", self.id_type.code()), ("id_country", &self.id_country)]
    }

    /// What the person writes into the login form.
    pub fn login_fields(&self) -> Vec<(&'static str, &str)> {
        let mut fields = vec![("identifier", &*self.id_number), ("password", self.password())];
        if matches!(self.id_type, DocumentType::TaiwanPermit | DocumentType::ForeignPassport) {
            fields.extend(self.document_fields());
        }
        fields
    }

    /// The same person before signing up.
    #[must_use]
    pub fn without_account(self) -> Self {
        Self { password: None, ..self }
    }

    /// The password of somebody who has one.
    pub fn password(&self) -> &str {
        self.password.as_deref().expect("this person has a password")
    }

    /// The natural key.
    pub fn key(&self) -> PersonKey<'_> {
        PersonKey::new(self.id_type, &self.id_country, &self.id_number)
    }

    /// The profile of the account.
    pub fn profile(&self) -> Profile {
        Profile::new(&self.name, self.key(), Some(&self.phone))
    }
}

/// `web1`, `web2`, `post1`, `spa1`, `native1`, `svc1` and `rs1`.
pub fn clients() -> Vec<Client> {
    let mut web1 = client("web1", "http://localhost:9443/cb");
    web1.policy.rotate_refresh_tokens = true;
    web1.post_logout_redirect_uris = vec!["http://localhost:9443/bye".to_owned()];
    let mut web2 = client("web2", "http://localhost:9444/cb?tenant=7");
    web2.authentication = ClientAuthentication::PrivateKeyJwt;
    web2.secrets = Vec::new();
    web2.jwks = Some(serde_json::json!({ "keys": [assertion_key().public_jwk()] }));
    let mut post1 = client("post1", "http://localhost:9447/cb");
    post1.authentication = ClientAuthentication::ClientSecretPost;
    post1.policy.first_party = true;
    let mut spa1 = client("spa1", "http://localhost:9445/cb");
    spa1.authentication = ClientAuthentication::None;
    spa1.secrets = Vec::new();
    let mut native1 = client("native1", "http://127.0.0.1/cb");
    native1.application_type = ApplicationType::Native;
    native1.redirect_uris.push("cn.gov.prov.app:/cb".to_owned());
    native1.authentication = ClientAuthentication::None;
    native1.secrets = Vec::new();
    let mut svc1 = client("svc1", "http://localhost:9446/cb");
    svc1.redirect_uris = Vec::new();
    svc1.grant_types = vec![GrantType::ClientCredentials];
    svc1.scope = Scope::parse("records:read records:write").unwrap();
    svc1.resources = vec!["https://api.example.test".to_owned()];
    svc1.access_token_format = AccessTokenFormat::Jwt;
    let mut rs1 = client("rs1", "http://localhost:9448/cb");
    rs1.redirect_uris = Vec::new();
    rs1.grant_types = vec![GrantType::ClientCredentials];
    rs1.scope = Scope::parse("introspect").unwrap();
    rs1.audiences = vec!["https://api.example.test".to_owned()];
    vec![web1, web2, post1, spa1, native1, svc1, rs1]
}

/// A confidential client with everything a person may share, but the ID number.
pub fn client(id: &str, redirect_uri: &str) -> Client {
    let mut client = registration::new_client(NewClient {
        id: ClientId::parse(id).unwrap(),
        name: format!("测试门户 {id}"),
        redirect_uris: vec![redirect_uri.to_owned()],
    });
    client.secrets =
        vec![ClientSecret { digest: ClientSecret::digest_of(SECRET), expires_at: None }];
    client.scope = Scope::parse("openid profile phone email offline_access").unwrap();
    client.sector = format!("{id}.example.test");
    client
}

/// The key `web2` signs its assertions with; the same for the life of the process.
pub fn assertion_key() -> &'static yihao::jose::SigningKey {
    use std::sync::OnceLock;
    static KEY: OnceLock<yihao::jose::SigningKey> = OnceLock::new();
    KEY.get_or_init(|| yihao::jose::SigningKey::generate(yihao::jose::Algorithm::Es256).unwrap())
}

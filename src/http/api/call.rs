//! A request of a machine that was let in: who asks, for which row, with which query; and the pages of lists,
//! whose tokens belong to one machine, one list and one query (security.md A-60).

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::console::Actor;
use crate::domain::operator::Operator;
use crate::domain::request_context::RequestContext;
use crate::domain::scope::Scope;
use crate::http::api::problem::Problem;
use crate::http::site::Site;
use crate::protocol::parameters::Parameters;
use crate::provider::Provider;

/// Rows on a page, if the machine does not say.
const PAGE: u8 = 50;
/// Most rows on a page.
pub const LONGEST_PAGE: u8 = 100;
/// How many rows there may be on a page.
pub const LIMIT: &str = "limit";
/// Where the next page begins.
pub const PAGE_TOKEN: &str = "page_token";
/// What the seal of a page's token is bound to.
const PURPOSE: &str = "api page";

/// A request that was let in.
#[derive(Clone)]
pub struct Call {
    /// What every route stands on.
    pub site: Site,
    /// The request.
    pub context: RequestContext,
    /// The machine.
    pub operator: Operator,
    /// What its token carries.
    pub scope: Scope,
    /// As the router has it.
    pub path: &'static str,
    /// Which row, where the path says it.
    pub id: Option<String>,
    /// The query.
    pub query: Parameters,
}

/// Where a page ended, sealed.
#[derive(Serialize, Deserialize)]
struct Mark<C> {
    operator: String,
    path: String,
    query: Vec<(String, String)>,
    place: C,
}

/// The page that is asked for.
pub struct Wanted<C> {
    /// At most so many rows.
    pub limit: u8,
    /// After this place.
    pub after: Option<C>,
}

impl Call {
    /// The machine at work.
    pub fn actor(&self) -> Actor<'_> {
        Actor {
            provider: self.provider(),
            operator: &self.operator,
            context: &self.context,
            scope: Some(&self.scope),
        }
    }

    /// The provider.
    pub fn provider(&self) -> &Provider {
        &self.site.provider
    }

    /// The key in the path. What is no key is nobody's.
    pub fn key<K: From<uuid::Uuid>>(&self) -> Result<K, Problem> {
        // One spelling a key: hyphens where they belong, small letters.
        let text = self.text();
        let key: uuid::Uuid = text.parse().map_err(|_| Problem::not_found())?;
        if key.to_string() == text { Ok(key.into()) } else { Err(Problem::not_found()) }
    }

    /// The text in the path.
    pub fn text(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// A filter of the query, read by `parse`.
    pub fn filter<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let wrong = || Problem::bad_request(format!("{name} is not valid"));
        self.query.get(name).map(|text| parse(text).ok_or_else(wrong)).transpose()
    }

    /// The page that is asked for.
    pub fn page<C: DeserializeOwned>(&self) -> Result<Wanted<C>, Problem> {
        let digits = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|limit| plain && (1..=LONGEST_PAGE).contains(limit))
        };
        let limit = self.filter(LIMIT, digits)?.unwrap_or(PAGE);
        let after = self.filter(PAGE_TOKEN, |token| self.open(&[], token))?;
        Ok(Wanted { limit, after })
    }

    /// The token of the page after this place.
    pub fn next(&self, place: &impl Serialize) -> Result<String, Problem> {
        self.next_of(&[], place)
    }

    /// The same, of a list whose filters stand in the body.
    pub fn next_of(
        &self,
        words: &[(&str, &str)],
        place: &impl Serialize,
    ) -> Result<String, Problem> {
        let mark = Mark {
            operator: self.operator.id.to_string(),
            path: self.path.to_owned(),
            query: self.filters(words),
            place,
        };
        let sealed = self.provider().vault.seal_transit(PURPOSE, &mark);
        Ok(sealed.map_err(crate::http::failure::Failure::from)?)
    }

    /// The place of a token that stands in the body, beside the filters.
    pub fn place_of<C: DeserializeOwned>(
        &self,
        words: &[(&str, &str)],
        token: &str,
    ) -> Result<C, Problem> {
        let wrong = || Problem::bad_request(format!("{PAGE_TOKEN} is not valid"));
        self.open(words, token).ok_or_else(wrong)
    }

    fn open<C: DeserializeOwned>(&self, words: &[(&str, &str)], token: &str) -> Option<C> {
        let mark: Mark<C> = self.provider().vault.open_transit(PURPOSE, token).ok()?;
        let own = mark.operator == self.operator.id.to_string()
            && mark.path == self.path
            && mark.query == self.filters(words);
        own.then_some(mark.place)
    }

    /// The row of the path, the query without what says which page, and the words of the body, sorted.
    fn filters(&self, words: &[(&str, &str)]) -> Vec<(String, String)> {
        let paging = |name: &str| [LIMIT, PAGE_TOKEN].contains(&name);
        let filters = self.query.iter().filter(|(name, _)| !paging(name));
        let filters = filters.chain(words.iter().copied());
        let filters = filters.chain(self.id.as_deref().map(|id| ("{id}", id)));
        let mut filters: Vec<_> =
            filters.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        filters.sort();
        filters
    }
}

/// The first `limit` of what a list gave, and whether there was more.
pub fn cut<T>(mut found: Vec<T>, limit: u8) -> (Vec<T>, bool) {
    let more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    (found, more)
}

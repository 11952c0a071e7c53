//! Which credit code took the place of a legacy code somebody still types. For a while after its conversion a
//! legacy code finds the organisation; then it finds nothing.

use std::time::Duration;

use crate::codes::CodesError;
use crate::codes::open;
use crate::codes::purpose;
use crate::codes::seal;
use crate::domain::code_record::LegacyRecord;
use crate::domain::code_record::Mapping;
use crate::domain::id::LegacyCodeId;
use crate::domain::legacy_code::LegacyCode;
use crate::domain::legacy_code::LegacyKind;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::provider::Provider;

/// Longer than any spelling of a code.
const LONGEST: usize = 200;

/// The credit code of who had this legacy code, of whatever kind it is. None for what is none, was never
/// confirmed or is over, and where two organisations had it, as codes of different kinds. Whether it is known
/// or not, the same is done.
pub async fn find_uscc(provider: &Provider, text: &str) -> Result<Option<Uscc>, CodesError> {
    let text = if text.len() > LONGEST { "" } else { text };
    let digests = LegacyKind::ALL.map(|kind| {
        // What is no code of this kind is looked up all the same, under a digest nothing has.
        let code = LegacyCode::parse(kind, text, Synthetic::Accepted).ok();
        let canonical = code.as_ref().map_or("", LegacyCode::expose);
        provider.vault.index_code(kind, canonical)
    });
    let overlap = provider.config.codes.legacy_overlap_days;
    let since = provider.clock.now().minus(Duration::from_hours(24) * overlap);
    let found = provider.store.find_legacy_codes(digests, since).await?;
    let mut opened = Vec::new();
    for record in &found {
        opened.push(read(provider, record)?);
    }
    if found.is_empty() {
        let nobody = Mapping { value: String::new(), uscc: String::new(), name: String::new() };
        let id = LegacyCodeId::generate();
        let sealed = seal(provider, id, &nobody)?;
        provider.vault.open_data(&purpose(id), &sealed)?;
    }
    opened.dedup();
    Ok(opened.pop().flatten().filter(|_| opened.is_empty() && overlap > 0))
}

fn read(provider: &Provider, record: &LegacyRecord) -> Result<Option<Uscc>, CodesError> {
    Ok(Uscc::parse(&open(provider, record)?.uscc, Synthetic::Accepted).ok())
}

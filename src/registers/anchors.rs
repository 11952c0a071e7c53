//! Whom certificates of units are believed from: a folder of authorities' certificates and revocation lists, read anew
//! each time, so that a new list counts at once.

use std::path::Path;
use std::path::PathBuf;

use crate::crypto::certificate::Anchors;
use crate::crypto::certificate::Certificate;
use crate::crypto::certificate::CertificateError;
use crate::crypto::certificate::RevocationList;
use crate::registers::RegisterAway;

/// What is wrong with the folder.
#[derive(Debug, thiserror::Error)]
enum FolderError {
    #[error("{0}")]
    File(PathBuf, #[source] CertificateError),
    #[error("{0}")]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{0} holds no certificate of an authority")]
    Empty(PathBuf),
}

/// Reads the folder. One file that cannot be read is none that can be left out: it may be a list of revocations.
pub async fn read(folder: &Path) -> Result<Anchors, RegisterAway> {
    let mut anchors = Anchors::default();
    let failed = |error| RegisterAway(Box::new(error));
    let broken = |path: &Path| {
        let path = path.to_owned();
        move |error| failed(FolderError::Read(path, error))
    };
    let mut files = tokio::fs::read_dir(folder).await.map_err(broken(folder))?;
    while let Some(file) = files.next_entry().await.map_err(broken(folder))? {
        let path = file.path();
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if !["pem", "crt", "cer", "crl"].contains(&kind) {
            continue;
        }
        let bytes = tokio::fs::read(&path).await.map_err(broken(&path))?;
        let put = if kind == "crl" {
            RevocationList::read(&bytes).map(|list| anchors.add_list(list))
        } else {
            Certificate::read_chain(&bytes)
                .map(|all| all.into_iter().for_each(|one| anchors.add(one)))
        };
        put.map_err(|error| failed(FolderError::File(path, error)))?;
    }
    if anchors.is_empty() {
        return Err(failed(FolderError::Empty(folder.to_owned())));
    }
    Ok(anchors)
}

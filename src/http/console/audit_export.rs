//! Records of the audit chain to be taken along from the console.

use axum::response::Response;

use crate::http::audit_file;
use crate::http::audit_file::Format;
use crate::http::console::OfficerForm;
use crate::http::console::audit;
use crate::http::failure::Failure;

/// `POST /console/audit/export`
pub async fn export(OfficerForm { officer, form }: OfficerForm) -> Result<Response, Failure> {
    let format = form.get("format").and_then(Format::parse);
    let format = format.ok_or_else(|| Failure::bad_request("format must be csv or jsonl"))?;
    match audit_file::write(officer.actor(), audit::read(&form)?, format).await {
        Ok(file) => Ok(file),
        Err(error) => officer.refuse(error),
    }
}

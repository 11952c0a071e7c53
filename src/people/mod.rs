//! People and their accounts: signing up against the population register, and the account centre where a
//! person sees, changes, takes along and gives up what is kept. Proving who they are is `login`'s, coming back
//! when something is lost is `recovery`'s.

pub mod account_centre;
pub mod cancellation;
pub mod choices;
pub mod evidence;
pub mod export;
pub mod identity;
pub mod name_index;
pub mod password;
pub mod phone;
pub mod portals;
pub mod sign_up;
pub mod verification;
pub mod waiting;

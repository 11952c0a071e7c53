//! People and their accounts: signing up against the population register, and the account centre where
//! a person sees and changes what is kept. Proving who they are is `login`'s.

pub mod account_centre;
pub mod password;
pub mod sign_up;

//! How many password hashes run at once, and how many callers may wait for their turn.

use super::PasswordHasher;
use super::Verification;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

/// Every place is taken: tell the caller to come back, rather than let the queue grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at the moment")]
pub struct Busy;

/// A [`PasswordHasher`] off the async threads, with a bound on running and on waiting work.
#[derive(Debug, Clone)]
pub struct Pool {
    hasher: Arc<PasswordHasher>,
    /// One permit for each hash that may run.
    running: Arc<Semaphore>,
    /// One permit for each hash that may run or wait.
    admitted: Arc<Semaphore>,
}

impl Pool {
    /// A pool in which `permits` hashes run and `queue` more may wait. One less than there are
    /// cores leaves room for everything else.
    pub fn new(hasher: PasswordHasher, permits: usize, queue: usize) -> Self {
        let permits = permits.max(1);
        Self {
            hasher: Arc::new(hasher),
            running: Arc::new(Semaphore::new(permits)),
            admitted: Arc::new(Semaphore::new(permits.saturating_add(queue))),
        }
    }

    /// [`PasswordHasher::hash`].
    pub async fn hash(&self, password: &[u8]) -> Result<String, Busy> {
        let password = Zeroizing::new(password.to_vec());
        self.run(move |hasher| hasher.hash(&password)).await
    }

    /// [`PasswordHasher::verify`].
    pub async fn verify(&self, password: &[u8], stored: &str) -> Result<Verification, Busy> {
        let password = Zeroizing::new(password.to_vec());
        let stored = stored.to_owned();
        self.run(move |hasher| hasher.verify(&password, &stored)).await
    }

    /// [`PasswordHasher::verify_nothing`].
    pub async fn verify_nothing(&self, password: &[u8]) -> Result<Verification, Busy> {
        let password = Zeroizing::new(password.to_vec());
        self.run(move |hasher| hasher.verify_nothing(&password)).await
    }

    /// Other costly work on a password, under the same bound.
    pub async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        self.run(move |_| work()).await
    }

    /// [`PasswordHasher::release_idle`].
    pub fn release_idle(&self, now: Instant, rest: Duration) -> usize {
        self.hasher.release_idle(now, rest)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&PasswordHasher) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let place = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Busy)?;
        let hasher = Arc::clone(&self.hasher);
        // The work owns its permits. A client that hangs up drops this future, not the work: were
        // the permits ours, hanging up at once would start any number of hashes.
        let task = spawn_blocking(move || {
            let _permits = (place, turn);
            work(&hasher)
        });
        match task.await {
            Ok(result) => Ok(result),
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The runtime is shutting down.
            Err(_) => Err(Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Busy;
    use super::Pool;
    use crate::crypto::password::PasswordHasher;
    use crate::crypto::password::Profile;
    use crate::crypto::password::Verification;
    use std::sync::mpsc;
    use std::time::Duration;
    use tokio::time::timeout;

    fn pool(permits: usize, queue: usize) -> Pool {
        Pool::new(PasswordHasher::new(Profile::ARGON2ID, b"pepper").unwrap(), permits, queue)
    }

    #[tokio::test]
    async fn hashes_and_verifies_off_the_async_threads() {
        let pool = pool(1, 1);
        let stored = pool.hash(b"password").await.unwrap();

        assert_eq!(pool.verify(b"password", &stored).await, Ok(Verification::Right));
        assert_eq!(pool.verify(b"passwort", &stored).await, Ok(Verification::Wrong));
        assert_eq!(pool.verify_nothing(b"password").await, Ok(Verification::Wrong));
    }

    #[tokio::test]
    async fn a_caller_without_a_place_is_told_at_once() {
        let pool = pool(1, 0);
        let (release, held) = mpsc::channel::<()>();
        let busy = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move |_| held.recv().is_ok()).await }
        });
        while pool.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }

        assert_eq!(pool.hash(b"password").await, Err(Busy));
        release.send(()).unwrap();
        assert_eq!(busy.await.unwrap(), Ok(true));
        assert!(pool.hash(b"password").await.is_ok());
    }

    #[tokio::test]
    async fn work_keeps_its_permits_when_the_caller_hangs_up() {
        let pool = pool(1, 1);
        let (release, held) = mpsc::channel::<()>();

        let hung_up =
            timeout(Duration::from_millis(20), pool.run(move |_| held.recv().is_ok())).await;

        assert!(hung_up.is_err());
        assert_eq!(pool.running.available_permits(), 0);
        assert!(timeout(Duration::from_millis(20), pool.hash(b"password")).await.is_err());
        // The caller that gave up while waiting has left the queue.
        assert_eq!(pool.admitted.available_permits(), 1);
        release.send(()).unwrap();
        assert!(pool.hash(b"password").await.is_ok());
    }
}

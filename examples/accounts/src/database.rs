//! The accounts, and the hook that a login asks for one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use tower_oauth::{
    AccountError, AccountHook, CurrentSession, Email, Identity, VerifiedLogin, async_trait,
};

/// SQLite compares text byte for byte, which is how subjects are told apart. Another database may need to be told:
/// `COLLATE utf8mb4_bin` in MySQL.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS accounts (
        id INTEGER PRIMARY KEY,
        email TEXT,
        disabled INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE IF NOT EXISTS identities (
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        account INTEGER NOT NULL REFERENCES accounts (id),
        PRIMARY KEY (issuer, subject)
    );";

/// How long after signing in a provider may be linked.
const RECENT: Duration = Duration::from_secs(10 * 60);

/// The accounts of the application.
#[derive(Clone, Debug)]
pub struct Database(SqlitePool);

/// What a session keeps: the rest is asked of the database when it is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// The account.
    pub id: i64,
}

/// What there is to say of an account.
#[derive(Debug)]
pub(crate) struct AccountRow {
    pub(crate) disabled: bool,
    pub(crate) identities: i64,
}

impl Database {
    /// Opens the database at `url`, such as `sqlite:accounts.db?mode=rwc`, and makes its tables.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub async fn open(url: &str) -> Result<Self, sqlx::Error> {
        // A database in memory is one connection's.
        let pool = SqlitePoolOptions::new().max_connections(1).connect(url).await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        Ok(Self(pool))
    }

    /// Keeps the account's user out, or lets them in again.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn disable(&self, account: i64, disabled: bool) -> Result<(), sqlx::Error> {
        let query = sqlx::query("UPDATE accounts SET disabled = ? WHERE id = ?");
        query.bind(disabled).bind(account).execute(&self.0).await?;
        Ok(())
    }

    pub(crate) async fn account(&self, account: i64) -> Result<AccountRow, sqlx::Error> {
        let query = sqlx::query_as(
            "SELECT disabled, (SELECT count(*) FROM identities WHERE account = id) FROM accounts WHERE id = ?",
        );
        let (disabled, identities) = query.bind(account).fetch_one(&self.0).await?;
        Ok(AccountRow { disabled, identities })
    }

    /// The account of an identity: (id, whether it is disabled).
    async fn find(&self, identity: &Identity) -> Result<Option<(i64, bool)>, sqlx::Error> {
        let query = sqlx::query_as(
            "SELECT id, disabled FROM accounts JOIN identities ON account = id WHERE issuer = ? AND subject = ?",
        );
        query.bind(identity.issuer()).bind(identity.subject()).fetch_optional(&self.0).await
    }

    /// A new account for an identity; `None` if another login of it was faster.
    async fn create(&self, identity: &Identity) -> Result<Option<i64>, sqlx::Error> {
        // Only a verified address is worth keeping: the other kinds anybody can type.
        let email = match identity.email() {
            Some(Email::Verified(address)) => Some(address),
            _ => None,
        };
        let mut transaction = self.0.begin().await?;
        let account = sqlx::query("INSERT INTO accounts (email) VALUES (?)").bind(email);
        let account = account.execute(&mut *transaction).await?.last_insert_rowid();
        let link = "INSERT INTO identities (issuer, subject, account) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
        let link = sqlx::query(link).bind(identity.issuer()).bind(identity.subject()).bind(account);
        if link.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Ok(None);
        }
        transaction.commit().await?;
        Ok(Some(account))
    }
}

#[async_trait]
impl AccountHook for Database {
    type Account = Member;

    /// The same address at another provider is another account: whoever owns both links them.
    async fn sign_in(&self, login: VerifiedLogin<'_>) -> Result<Member, AccountError> {
        let identity = login.identity();
        let found = match self.find(identity).await? {
            Some(found) => Some(found),
            None => match self.create(identity).await? {
                Some(id) => Some((id, false)),
                None => self.find(identity).await?,
            },
        };
        match found {
            Some((id, false)) => Ok(Member { id }),
            Some((_, true)) => {
                Err(AccountError::refused("This account is disabled.").revoke_tokens())
            }
            None => Err(AccountError::failed("the account is gone as soon as it is made")),
        }
    }

    /// Links the new identity to the account that is signed in: soon after signing in, if the provider vouches for the
    /// account's own address.
    async fn connect(&self, login: VerifiedLogin<'_>) -> Result<(), AccountError> {
        let linked = self.find(login.identity()).await?;
        let member = login.current().and_then(CurrentSession::account::<Member>);
        match (linked, &member) {
            // Linked long ago, and asked for more scopes now.
            (Some((id, false)), Some(member)) if id == member.id => return Ok(()),
            (Some(_), _) => {
                return Err(AccountError::refused("This is somebody's account already."));
            }
            (None, _) => {}
        }
        let Some(member) =
            member.filter(|_| login.current().is_some_and(|it| it.is_recent(RECENT)))
        else {
            return Err(AccountError::refused("Please sign in again before you link accounts."));
        };
        let Some(Email::Verified(address)) = login.email() else {
            return Err(AccountError::refused("The other service did not verify your address."));
        };
        // One statement, so that a disabled account, or another address, gets no link in between.
        let link = "INSERT INTO identities (issuer, subject, account) \
                    SELECT ?, ?, id FROM accounts WHERE id = ? AND email = ? AND NOT disabled";
        let identity = login.identity();
        let link = sqlx::query(link).bind(identity.issuer()).bind(identity.subject());
        let linked = link.bind(member.id).bind(address).execute(&self.0).await?;
        if linked.rows_affected() == 0 {
            return Err(AccountError::refused("The two addresses are not the same."));
        }
        Ok(())
    }
}

use super::keys;
use crate::{Pool, Queue, QueueError};
use redis::Script;
use std::sync::LazyLock;
use store::{KnowledgeBaseId, TenantId};

static ANNOUNCE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("announce.lua")));

/// Who asks for jobs that need a base's replica, and so may be the base's home: see `homes.lua`.
#[derive(Clone, Copy, Debug)]
pub struct Home<'a> {
    /// Unique among processes, and over their starts.
    pub name: &'a str,
    /// How many homes are to have each searched base open.
    pub copies: usize,
}

/// A base that a process is to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    pub tenant: TenantId,
    pub base: KnowledgeBaseId,
    /// Searches wait for it; else it is to stand by, where there is room.
    pub to_search: bool,
}

impl Queue {
    /// Says that the process is alive and has the replicas of these bases open; returns which it is to open. Said once a second at least, or others take it
    /// for gone.
    ///
    /// # Errors
    /// [`QueueError`].
    pub async fn announce_home(
        &self,
        pool: Pool,
        home: &str,
        warm: &[KnowledgeBaseId],
    ) -> Result<Vec<Wanted>, QueueError> {
        let mut call = ANNOUNCE.key(keys::pool(&self.prefix, pool));
        call.arg(home);
        for base in warm {
            call.arg(base.to_string());
        }
        let said: Vec<String> = call.invoke_async(&mut self.connection.clone()).await?;
        Ok(said.iter().filter_map(|one| wanted(one)).collect())
    }

    /// Says that the process takes no more jobs, so that nothing is left to it.
    ///
    /// # Errors
    /// [`QueueError`]; others find out within two seconds.
    pub async fn leave_home(&self, pool: Pool, home: &str) -> Result<(), QueueError> {
        let base = keys::pool(&self.prefix, pool);
        redis::pipe()
            .atomic()
            .zrem(format!("{base}:homes"), home)
            .hdel(format!("{base}:free"), home)
            .del(&[format!("{base}:warm:{home}"), format!("{base}:wanted:{home}")])
            .publish(keys::bell(&self.prefix, pool), 1)
            .query_async::<()>(&mut self.connection.clone())
            .await?;
        Ok(())
    }
}

fn wanted(said: &str) -> Option<Wanted> {
    let mut parts = said.split(':');
    Some(Wanted {
        tenant: TenantId(parts.next()?.parse().ok()?),
        base: KnowledgeBaseId(parts.next()?.parse().ok()?),
        to_search: parts.next()? == "1",
    })
}

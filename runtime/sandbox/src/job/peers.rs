//! `sublet:job/peers`: the names of the other tasks on the user's network, and meeting them.

use wasmtime::Result;

use super::JobView;
use super::bindings::sublet::job::peers::{Host, Peer};
use super::bindings::sublet::job::types::Error;
use super::relatives::{Member, Reply, Wish, bounded, strange};

type Answer<T> = Result<std::result::Result<T, Error>>;

impl Host for JobView<'_> {
    /// Empty where it has no place on a network.
    async fn hostname(&mut self) -> Result<String> {
        let facts = self.state.facts();
        let name = facts.and_then(|facts| facts.host_name.clone());
        Ok(name.unwrap_or_default())
    }

    async fn members(&mut self, group: String) -> Answer<Vec<Peer>> {
        Ok(self.members_of(group).await)
    }

    async fn barrier(&mut self, group: String, count: u32, timeout: u64) -> Answer<()> {
        Ok(self.meet(group, count, timeout).await)
    }
}

impl JobView<'_> {
    async fn members_of(&mut self, group: String) -> std::result::Result<Vec<Peer>, Error> {
        let group = bounded("the group", group)?;
        match self.state.ask(Wish::Members(group)).await? {
            Reply::Members(members) => Ok(members.into_iter().map(peer).collect()),
            _ => Err(strange()),
        }
    }

    async fn meet(
        &mut self,
        group: String,
        count: u32,
        timeout_ms: u64,
    ) -> std::result::Result<(), Error> {
        let group = bounded("the group", group)?;
        let wish = |for_ms| Wish::Meet {
            group: group.clone(),
            count,
            for_ms,
        };
        match self.state.ask_until(timeout_ms, wish).await? {
            None => Err(Error::TimedOut),
            Some(Reply::Done) => Ok(()),
            Some(_) => Err(strange()),
        }
    }
}

fn peer(member: Member) -> Peer {
    Peer {
        name: member.name,
        job: member.job,
        task: member.task,
    }
}

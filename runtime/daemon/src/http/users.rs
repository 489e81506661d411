//! Users: who may ask, what they may hold, and what they hold.

use axum::Json;
use sublet_api::{
    Code, Holding, IssuedCredential, NewUser, Page, QuotaRequest, Role, User, UserQuery, Whoami,
};
use sublet_identity::Subject;
use sublet_scheduler::UserId;
use sublet_store::{Quota, Whose};

use super::answer::{Done, Kept};
use super::caller::Caller;
use super::certificates;
use super::extract::{self, Path, Query};
use super::problem::{Answer, ApiError};
use super::subclusters::no_such;
use crate::config::Size;
use crate::convert;
use crate::driver::{Command, PeopleChange, PeopleError, terms_with};

pub(super) async fn whoami(caller: Caller) -> Answer<Json<Whoami>> {
    let stored = stored(&caller, caller.user()).await?;
    let User { quota, used, .. } = view(&caller, stored).await?;
    Ok(Json(Whoami {
        user: caller.name().to_owned(),
        role: convert::role(caller.role()),
        via: caller.who().via,
        quota,
        used,
    }))
}

pub(super) async fn list(
    caller: Caller,
    Query(query): Query<UserQuery>,
) -> Answer<Json<Page<User>>> {
    let stored = caller.read(sublet_store::Reader::users).await?;
    let mut items = Vec::new();
    for user in stored {
        let is_asked_for = query.removed || user.removed_at.is_none();
        if is_asked_for && caller.reaches(user.id) {
            items.push(view(&caller, user).await?);
        }
    }
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

pub(super) async fn show(caller: Caller, Path(name): Path<String>) -> Answer<Json<User>> {
    shown(&caller, &name).await.map(Json)
}

pub(super) async fn add(
    caller: Caller,
    extract::Json {
        value: NewUser { name, role, days },
        ..
    }: extract::Json<NewUser>,
) -> Answer<Kept<IssuedCredential>> {
    let user = certificates::name_in_certificates(&name)?;
    if caller.people.named(user.as_str()).is_some() {
        return Err(PeopleError::Exists.into());
    }
    let role = convert::role_wanted(role.unwrap_or(Role::User));
    let subject = Subject { user, role };
    // The number is the driver's to give; it is not known before the user is.
    let (certificate, credential) = certificates::made(&caller, &subject, UserId(0), days).await?;
    let change = PeopleChange::Add {
        name: name.clone(),
        role: convert::role_recorded(role),
        certificate: Box::new(certificate.clone()),
    };
    have(&caller, change).await?;
    let issued = certificates::issued(certificate, name.clone(), credential);
    Ok(Kept::new(issued).at(format!("/v1/users/{name}")))
}

pub(super) async fn set_quota(
    caller: Caller,
    Path(name): Path<String>,
    extract::Json {
        value: QuotaRequest { quota, weight },
        ..
    }: extract::Json<QuotaRequest>,
) -> Answer<Json<User>> {
    let user = id_of(&caller, &name)?;
    let quota = Quota {
        slots: quota.slots.map(number).transpose()?,
        cpu_millis: quota.cpu_millis,
        memory_bytes: quota.memory_bytes,
        queued: quota.queued,
        submits_per_s: quota.submits_per_s,
        modules: quota.modules,
        stored_bytes: quota.stored_bytes,
        weight,
    };
    have(&caller, PeopleChange::SetQuota(user, Box::new(quota))).await?;
    shown(&caller, &name).await.map(Json)
}

fn number(slots: u64) -> Answer<u32> {
    u32::try_from(slots).map_err(|_| {
        let most = u64::from(u32::MAX);
        ApiError::new(
            Code::OutOfRange,
            format!("slots is {slots}, the limit is {most}"),
        )
        .at("/quota/slots", Some(most), Some(slots))
    })
}

pub(super) async fn suspend(caller: Caller, Path(name): Path<String>) -> Answer<Json<User>> {
    let user = id_of(&caller, &name)?;
    have(&caller, PeopleChange::Suspend(user)).await?;
    shown(&caller, &name).await.map(Json)
}

pub(super) async fn resume(caller: Caller, Path(name): Path<String>) -> Answer<Json<User>> {
    let user = id_of(&caller, &name)?;
    have(&caller, PeopleChange::Resume(user)).await?;
    shown(&caller, &name).await.map(Json)
}

pub(super) async fn remove(caller: Caller, Path(name): Path<String>) -> Answer<Done> {
    let user = id_of(&caller, &name)?;
    let serials = certificates::active_of(&caller, user).await?;
    have(&caller, PeopleChange::Remove(user, serials)).await?;
    Ok(Done)
}

/// Has the driver change who may ask.
pub(super) async fn have(caller: &Caller, change: PeopleChange) -> Answer<()> {
    let who = caller.who();
    let change = Box::new(change);
    caller
        .driver
        .ask(|answer| Command::ChangePeople {
            change,
            who,
            answer,
        })
        .await??;
    Ok(())
}

/// The number of a user who is there. Whoever may not act on others finds nobody but themselves.
pub(super) fn id_of(caller: &Caller, name: &str) -> Answer<UserId> {
    let person = caller.people.named(name);
    let person = person.filter(|person| !person.is_removed && caller.reaches(person.id));
    match person {
        Some(person) => Ok(person.id),
        None => Err(no_such(Code::UserNotFound, "user", name, &known(caller))),
    }
}

/// Whose rows a list shows: the caller's own, or those of the user that an operator names; `*` stands for everybody.
pub(super) fn whose(caller: &Caller, user: Option<&str>) -> Answer<Whose> {
    match user {
        None => Ok(caller.own()),
        Some("*") => Ok(caller.reached()),
        Some(name) => id_of(caller, name).map(Whose::User),
    }
}

/// The names that the caller may know.
fn known(caller: &Caller) -> Vec<String> {
    let names = caller.people.names().into_iter();
    names
        .filter(|name| {
            let person = caller.people.named(name);
            person.is_some_and(|person| caller.reaches(person.id))
        })
        .collect()
}

async fn shown(caller: &Caller, name: &str) -> Answer<User> {
    let id = id_of(caller, name)?;
    let stored = stored(caller, id).await?;
    view(caller, stored).await
}

async fn stored(caller: &Caller, id: UserId) -> Answer<sublet_store::User> {
    let found = caller.read(move |reader| reader.user(id)).await?;
    found.ok_or_else(|| ApiError::new(Code::UserNotFound, "the user is not on record"))
}

async fn view(caller: &Caller, user: sublet_store::User) -> Answer<User> {
    let id = user.id;
    let (quota, holdings) = caller
        .read(move |reader| Ok((reader.quota(id)?, reader.holdings(id)?)))
        .await?;
    let held = caller
        .driver
        .look(move |state| state.scheduler.user(id))
        .await?;
    let now = caller.now();
    let everyone = &now.config.defaults.quota;
    let terms = terms_with(everyone.terms(), Some(&quota));
    let modules = quota.modules.or(everyone.modules);
    let stored_bytes = quota
        .stored_bytes
        .or_else(|| everyone.stored.map(Size::as_bytes));
    let used = Holding {
        slots: Some(held.slots),
        cpu_millis: Some(held.amount.cpu_millis),
        memory_bytes: Some(held.amount.memory_bytes),
        queued: Some(held.unsettled),
        modules: Some(holdings.modules),
        stored_bytes: Some(holdings.stored_bytes()),
        submits_per_s: None,
    };
    let quota = convert::quota(&terms, modules, stored_bytes);
    Ok(convert::user(&user, &terms, quota, used))
}

impl From<PeopleError> for ApiError {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Exists => Self::new(
                Code::UserExists,
                "there is a user of this name, or there was one",
            )
            .at("/name", None, None)
            .with_help(
                "choose another name, or `sublet certs issue NAME` for a further certificate",
            ),
            PeopleError::IsOwner => Self::new(
                Code::NotPermitted,
                "the account that runs the server is always its operator",
            ),
            PeopleError::NotKept(why) => why.into(),
        }
    }
}

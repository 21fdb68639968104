use super::{Check, Looked};
use crate::doctor::twice::twice;
use crate::doctor::verdict::Unchecked;
use crate::doctor::{Health, Site, Verdict};
use jobs::Catalogue;
use jobs::schedules::fire_due;
use std::time::Duration;
use store::ScheduleId;
use store::schedules::{DueSchedule, list_due};

pub(super) const CHECK: Check = Check {
    name: "schedules",
    run: |site| Box::pin(check(site)),
};

/// Any worker process fires what is due within a second.
const PAUSE: Duration = Duration::from_secs(3);
/// As many are looked at.
const LOOKED_AT: i64 = 1_000;
/// Of so many that could not be fired it is said why.
const REASONS: usize = 5;

/// Schedules that are due and that nobody fires.
async fn check(site: &Site) -> Looked {
    let system = site.system()?;
    let look = async || list_due(system, None, LOOKED_AT).await;
    let stuck = twice(PAUSE, look).await?;
    if stuck.is_empty() {
        return Ok(Verdict::ok("whatever was due has fired"));
    }
    let line = |due: &DueSchedule| format!("{} of {}, due {}", due.id, due.tenant_id, due.due_at);
    let named: Vec<String> = stuck.iter().map(line).collect();
    let found = Verdict::new(Health::Problem, "schedules that are due and do not fire").of(&named);
    if !site.repair {
        return Ok(found.advise(
            "start a worker process, of any pool, or --repair, which fires them; if some run, look for \"cannot fire a schedule\" in their logs",
        ));
    }
    let unfired = fire_all(site, &stuck).await?;
    let still = look().await?;
    let is_left = |due: &&DueSchedule| still.contains(due) || unfired.iter().any(|(id, _)| *id == due.id);
    let left = stuck.iter().filter(is_left).count();
    let reasons: Vec<&str> = unfired.iter().take(REASONS).map(|(_, why)| why.as_str()).collect();
    let advice = match reasons.is_empty() {
        true => "look again: another process was at them".to_owned(),
        false => reasons.join("; "),
    };
    Ok(found.advise(advice).repaired(left))
}

/// Fires them as worker processes do. Returns those that cannot be fired, with the reason.
async fn fire_all(site: &Site, stuck: &[DueSchedule]) -> Result<Vec<(ScheduleId, String)>, Unchecked> {
    let (store, queue) = (site.store()?, site.queue()?);
    let catalogue = &Catalogue::new(site.settings()?.diagnostics.enabled);
    let (mut dispatches, mut unfired) = (Vec::new(), Vec::new());
    for due in stuck {
        let (id, tenant) = (due.id, due.tenant_id);
        let look = store.tenant(tenant, async move |tx| fire_due(tx, id, catalogue).await);
        match look.await {
            Ok(Some(look)) => {
                let refused = |(why, _)| (id, format!("{id} of {tenant} is refused: {why}"));
                unfired.extend(look.refusal.map(refused));
                dispatches.extend(look.dispatches);
            }
            // It has fired meanwhile, or a worker is at it.
            Ok(None) => {}
            Err(error) => unfired.push((id, format!("{id} of {tenant} cannot be fired: {error}"))),
        }
    }
    queue.push(&dispatches).await;
    Ok(unfired)
}

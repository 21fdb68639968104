//! How many slots limits leave to what waits.
use store::TenantId;
use store::limits::InForce;
use store::pools::KindLoad;

/// What waits of one tenant and kind, in slots, and what runs of it.
struct Wish<'a> {
    tenant: TenantId,
    kind: &'a str,
    slots: f64,
    running: f64,
}

/// The slots that what waits would use, each job `each` of one, where no more may run at once than `limits` say. Where tenants share a kind's limit the sum is all that matters.
pub(super) fn usable(loads: &[KindLoad], limits: &[InForce], each: f64) -> f64 {
    let mut wishes: Vec<Wish<'_>> = loads
        .iter()
        .map(|load| Wish {
            tenant: load.tenant_id,
            kind: &load.kind,
            slots: load.queued as f64 * each,
            running: load.running as f64,
        })
        .collect();
    // The narrow ones first: what they leave is shared under the others.
    for narrowness in (0..=2).rev() {
        for (limit, most) in limits.iter().filter_map(|limit| Some((limit, limit.max_running?))) {
            if usize::from(limit.tenant_id.is_some()) + usize::from(limit.kind.is_some()) == narrowness {
                bound(&mut wishes, limit, f64::from(most));
            }
        }
    }
    wishes.iter().map(|wish| wish.slots).sum()
}

/// Takes as much from each of those that the limit is about that together they keep to it.
fn bound(wishes: &mut [Wish<'_>], limit: &InForce, most: f64) {
    let is_meant = |wish: &Wish<'_>| {
        limit.tenant_id.is_none_or(|tenant| tenant == wish.tenant)
            && limit.kind.as_deref().is_none_or(|kind| kind == wish.kind)
    };
    let (mut slots, mut running) = (0.0, 0.0);
    for wish in wishes.iter().filter(|wish| is_meant(wish)) {
        slots += wish.slots;
        running += wish.running;
    }
    let room = (most - running).max(0.0);
    if slots <= room {
        return;
    }
    for wish in wishes.iter_mut().filter(|wish| is_meant(wish)) {
        wish.slots *= room / slots;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: TenantId = TenantId(uuid::Uuid::from_u128(1));
    const B: TenantId = TenantId(uuid::Uuid::from_u128(2));

    fn load(tenant_id: TenantId, kind: &str, queued: i64, running: i64) -> KindLoad {
        KindLoad {
            tenant_id,
            kind: kind.to_owned(),
            queued,
            running,
        }
    }

    fn limit(tenant_id: Option<TenantId>, kind: Option<&str>, most: i32) -> InForce {
        InForce {
            tenant_id,
            pool: None,
            kind: kind.map(str::to_owned),
            weight: None,
            max_running: Some(most),
        }
    }

    #[test]
    fn what_waits_behind_a_limit_uses_what_the_limit_leaves() {
        let loads = [
            load(A, "ingest", 10_000, 1),
            load(A, "sync", 10, 0),
            load(B, "ingest", 100, 0),
        ];
        let slots = |limits: &[InForce]| usable(&loads, limits, 0.5).round();
        assert_eq!(slots(&[]), 5055.0);
        assert_eq!(slots(&[limit(Some(A), Some("ingest"), 4)]), 3.0 + 5.0 + 50.0);
        assert_eq!(slots(&[limit(Some(A), Some("ingest"), 1)]), 0.0 + 5.0 + 50.0);
        assert_eq!(slots(&[limit(Some(A), None, 7)]), 6.0 + 50.0);
        assert_eq!(slots(&[limit(None, Some("ingest"), 21)]), 20.0 + 5.0);
        assert_eq!(
            slots(&[limit(None, Some("ingest"), 21), limit(Some(B), Some("ingest"), 2)]),
            20.0 + 5.0
        );
    }
}

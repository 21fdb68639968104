//! One process, one slot.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use retrieval::{IndexId, Replica, Slot};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::options;

/// Tells the second process of [`a_slot_of_another_process_is_free_once_that_process_is_killed`] which root to use.
const ROOT: &str = "RETRIEVAL_TEST_SLOT_ROOT";

#[test]
fn handles_take_separate_slots_and_free_them() {
    let root = TempDir::new().unwrap();
    let first = Slot::acquire(root.path()).unwrap();
    let second = Slot::acquire(root.path()).unwrap();
    assert_eq!(first.directory(), root.path().join("0"));
    assert_eq!(second.directory(), root.path().join("1"));
    drop(first);
    assert_eq!(Slot::acquire(root.path()).unwrap().directory(), root.path().join("0"));
}

#[test]
fn who_wants_an_empty_slot_goes_past_those_with_replicas_and_does_not_hold_them_meanwhile() {
    let root = TempDir::new().unwrap();
    let first = Slot::acquire(root.path()).unwrap();
    let index = IndexId {
        tenant: Uuid::from_u128(1),
        knowledge_base: Uuid::from_u128(2),
        generation: 0,
    };
    std::fs::create_dir_all(first.replica_dir(index, 7)).unwrap();
    drop(first);
    let empty = Slot::acquire_empty(root.path()).unwrap();
    assert_eq!(empty.directory(), root.path().join("1"));
    assert_eq!(Slot::acquire(root.path()).unwrap().directory(), root.path().join("0"));
    // One that holds nothing is as good as a new one.
    drop(empty);
    assert_eq!(
        Slot::acquire_empty(root.path()).unwrap().directory(),
        root.path().join("1")
    );
}

#[test]
fn the_slot_with_most_replicas_is_taken_whatever_order_processes_start_in() {
    let root = TempDir::new().unwrap();
    let index = |base: u128| IndexId {
        tenant: Uuid::from_u128(1),
        knowledge_base: Uuid::from_u128(base),
        generation: 0,
    };
    let slots = [(); 4].map(|()| Slot::acquire(root.path()).unwrap());
    for (slot, replicas) in [(1, 1), (2, 3), (3, 1)] {
        for base in 0..replicas {
            std::fs::create_dir_all(slots[slot].replica_dir(index(base), 7)).unwrap();
        }
    }
    drop(slots);
    let taken = [(); 5].map(|()| Slot::acquire(root.path()).unwrap());
    let numbers = ["2", "1", "3", "0", "4"].map(|number| root.path().join(number));
    assert_eq!(taken.each_ref().map(|slot| slot.directory().to_owned()), numbers);
}

#[test]
fn a_slot_of_another_process_is_free_once_that_process_is_killed() {
    let root = TempDir::new().unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "slots::holds_a_slot_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(ROOT, root.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("slot taken")));
    assert_eq!(Slot::acquire(root.path()).unwrap().directory(), root.path().join("1"));
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(Slot::acquire(root.path()).unwrap().directory(), root.path().join("0"));
}

#[test]
#[ignore = "the second process of another test"]
#[allow(clippy::print_stdout, reason = "tells the first process that the slot is taken")]
fn holds_a_slot_until_killed() {
    #[allow(clippy::disallowed_methods, reason = "set by the test that starts this process")]
    let Some(root) = std::env::var_os(ROOT) else { return };
    let slot = Slot::acquire(root.as_ref()).unwrap();
    println!("slot taken: {}", slot.directory().display());
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn replicas_live_under_slot_tenant_base_and_version_and_go_with_their_base() {
    let root = TempDir::new().unwrap();
    let slot = Slot::acquire(root.path()).unwrap();
    let index = |base: u128, generation: i32| IndexId {
        tenant: Uuid::from_u128(1),
        knowledge_base: Uuid::from_u128(base),
        generation,
    };
    let (tenant, base) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let directory = slot.replica_dir(index(2, 0), 4);
    assert_eq!(
        directory,
        root.path()
            .join("0")
            .join(tenant.to_string())
            .join(base.to_string())
            .join("4")
    );
    let (second, other) = (slot.replica_dir(index(2, 7), 4), slot.replica_dir(index(3, 0), 1));
    assert_eq!(second, directory.with_file_name("4.7"));
    for directory in [&directory, &second, &other] {
        Replica::open(directory, options()).unwrap().close().unwrap();
    }
    let mut found: Vec<IndexId> = slot.replicas().into_iter().map(|replica| replica.index).collect();
    found.sort_unstable();
    assert_eq!(found, [index(2, 0), index(2, 7), index(3, 0)]);
    assert_eq!(
        [index(2, 0), index(2, 7), index(2, 1), index(4, 0)].map(|index| slot.holds(index).unwrap()),
        [true, true, false, false]
    );
    slot.remove_other_versions(index(2, 7), 4).unwrap();
    slot.remove_index(index(2, 0)).unwrap();
    slot.remove_index(index(2, 0)).unwrap();
    assert!(!directory.exists() && second.exists() && other.exists());
    slot.remove_index(index(2, 7)).unwrap();
    assert!(!directory.parent().unwrap().exists());
    assert!(!slot.holds(index(2, 7)).unwrap());
    // A disk that is away is not empty.
    std::fs::rename(root.path().join("0"), root.path().join("away")).unwrap();
    slot.holds(index(2, 7)).unwrap_err();
}

#[test]
fn what_a_process_left_is_emptied_and_what_another_holds_is_not() {
    let root = TempDir::new().unwrap();
    let index = IndexId {
        tenant: Uuid::from_u128(1),
        knowledge_base: Uuid::from_u128(2),
        generation: 0,
    };
    let slots = [(); 3].map(|()| Slot::acquire(root.path()).unwrap());
    let left = slots.each_ref().map(|slot| slot.replica_dir(index, 1));
    left.iter()
        .for_each(|directory| std::fs::create_dir_all(directory).unwrap());
    let [ours, gone, held] = slots;
    drop(gone);
    let abandoned = ours.abandoned().unwrap();
    assert_eq!(abandoned.len(), 1);
    assert_ne!(abandoned[0].id(), ours.id());
    abandoned[0].empty().unwrap();
    assert_eq!(left.map(|directory| directory.exists()), [true, false, true]);
    drop(held);
}

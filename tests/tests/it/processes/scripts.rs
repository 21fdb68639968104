//! `./dev` beside servers of one's own, and in folders with unusual names.
use std::process::{Command, Output};
use tests::workspace_root;

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn servers_of_ones_own_are_used_the_second_time_too_and_those_that_dev_started_are_known_again() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        set -euo pipefail
        die() { echo "died: $1"; exit 1; }
        mkdir -p "$ROOT/.dev/run"
        STATE=$ROOT/.dev
        . "$SCRIPTS/state.sh"
        . "$SCRIPTS/tenants.sh"
        names=(DATABASE_URL DATABASE_SYSTEM_URL DATABASE_OWNER_URL REDIS_URL)
        export DATABASE_URL=postgres://app@db/v DATABASE_SYSTEM_URL=postgres://system@db/v DATABASE_OWNER_URL=postgres://owner@db/v
        # The first time Redis is ./dev's, on a port whose number begins like another's.
        REDIS_URL=redis://127.0.0.1:63790
        remember_own_servers REDIS_URL
        write_env "${names[@]}"
        detect_external_servers
        echo "$OWN_POSTGRES $OWN_REDIS"
        REDIS_URL=redis://127.0.0.1:6379
        detect_external_servers
        echo "$OWN_POSTGRES $OWN_REDIS"
    "#;
    let output = Command::new("bash")
        .args(["-c", script])
        .env("ROOT", folder.path())
        .env("SCRIPTS", workspace_root().join("scripts/dev"))
        .output()
        .unwrap();
    assert_eq!(said(&output), "no yes\nno no\n");
}

#[test]
fn servers_start_in_a_folder_with_a_space_in_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("my servers");
    for verb in ["start", "remove"] {
        let mut command = Command::new(workspace_root().join("dev"));
        let output = command
            .args(["servers", verb])
            .arg(&directory)
            .arg("redis")
            .output()
            .unwrap();
        assert!(output.status.success(), "{verb}: {}", said(&output));
    }
}

#[test]
fn of_two_that_need_the_same_tool_the_second_finds_it_made() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        set -euo pipefail
        die() { echo "died: $1"; exit 1; }
        . "$SCRIPTS/tools.sh"
        pin() { echo "$1==1"; }
        make() { echo "made anew" && touch "$1/program"; }
        # Whoever waits for the lock waits for this.
        flock() { mkdir "$TOOLS/tool" && echo "tool==1" >"$TOOLS/tool/.pins" && echo "made by another"; }
        provide tool make tool
        # With other pins, and nobody else at it.
        pin() { echo "$1==2"; }
        flock() { true; }
        provide tool make tool
        provide tool make tool
        ls "$TOOLS/tool"
    "#;
    let output = Command::new("bash")
        .args(["-c", script])
        .env("ROOT", folder.path())
        .env("XDG_CACHE_HOME", folder.path())
        .env("SCRIPTS", workspace_root().join("scripts/dev"))
        .output()
        .unwrap();
    assert_eq!(said(&output), "made by another\nmade anew\nprogram\n");
}

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
fn whatever_settings_come_from_has_processes_started_anew() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        set -euo pipefail
        . "$SCRIPTS/visualkit.sh"
        VISUALKIT_BIN=$(type -P true)
        first=$(fingerprint up)
        [ "$(fingerprint up)" = "$first" ] || echo "nothing has changed"
        names=$(grep -oE '^    \("[A-Z_]+"' "$SCRIPTS/../../config/src/load.rs" | grep -oE '[A-Z_]+')
        for name in $names VISUALKIT_CONFIG VISUALKIT__LOG__FILTER; do
            [ "$(export "$name=other" && fingerprint up)" != "$first" ] || echo "$name is not noticed"
        done
        touch visualkit.toml
        echo '[log]' >named.toml
        for file in visualkit.toml named.toml; do
            export VISUALKIT_CONFIG=$file
            [ "$file" = named.toml ] || unset VISUALKIT_CONFIG
            before=$(fingerprint up)
            echo 'filter = "warn"' >>"$file"
            [ "$(fingerprint up)" != "$before" ] || echo "$file is not noticed"
        done
        echo "of $(wc -w <<<"$names") names"
    "#;
    let output = Command::new("bash")
        .args(["-c", script])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("SCRIPTS", workspace_root().join("scripts/dev"))
        .output()
        .unwrap();
    assert_eq!(said(&output), "of 14 names\n");
}

#[test]
fn servers_start_in_a_folder_with_a_space_in_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("my servers");
    let started = servers(&["start", directory.to_str().unwrap(), "redis"]);
    assert!(started.status.success(), "{}", said(&started));
    std::fs::write(directory.join("notes"), "mine").unwrap();
    let removed = servers(&["remove", directory.to_str().unwrap()]);
    assert!(removed.status.success(), "{}", said(&removed));
    let left: Vec<_> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["notes"], "somebody's own files stay");
}

#[test]
fn servers_are_neither_made_nor_deleted_by_a_slip_of_the_pen() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, none) = (folder.path().join("mine"), folder.path().join("none"));
    std::fs::create_dir(&mine).unwrap();
    std::fs::write(mine.join("notes"), "mine").unwrap();
    let (mine, none) = (mine.to_str().unwrap(), none.to_str().unwrap());
    for (arguments, says) in [
        (["remove", mine].as_slice(), "has no servers of ./dev servers start"),
        (&["stop", mine], "has no servers of ./dev servers start"),
        (&["remove", none], "has no servers of ./dev servers start"),
        (&["remove", mine, "redis"], "removes both servers"),
        (&["start", none, "postgers"], "does not know postgers"),
        (&["start", none, "redis", "postgres"], "does not know postgres"),
        (&["statr", none], "does not know statr"),
        (&["start"], "needs a directory"),
        (&[], "needs an action"),
    ] {
        let refused = servers(arguments);
        assert!(!refused.status.success(), "{arguments:?}: {}", said(&refused));
        assert!(said(&refused).contains(says), "{arguments:?}: {}", said(&refused));
        let left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["mine"], "{arguments:?}");
        let left = std::fs::read_dir(mine).unwrap().count();
        assert_eq!(left, 1, "{arguments:?}");
    }
}

fn servers(arguments: &[&str]) -> Output {
    let mut command = Command::new(workspace_root().join("dev"));
    command.arg("servers").args(arguments).output().unwrap()
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

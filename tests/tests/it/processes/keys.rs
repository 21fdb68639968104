//! `visualkit keys`.
use super::without_workers;
use tests::Process;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_could_never_work_as_it_is_asked_for_is_not_made() {
    let app = without_workers().await;
    let own = app.environment();
    let environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let create = |more: &[&str]| {
        let arguments = [&["keys", "create", "--tenant=dev"], more].concat();
        Process::outcome(&arguments, &environment)
    };
    let keys = async || app.count("SELECT count(*) FROM api_keys").await;
    let before = keys().await;
    let shop = "--origins=https://shop.example";
    for (arguments, says) in [
        (["--kind=publishable"].as_slice(), "the key would work from nowhere"),
        (&["--kind=publishable", "--origins=shop.example"], "it has no scheme"),
        (
            &[
                "--kind=publishable",
                "--origins=https://shop.example,https://a.example/help",
            ],
            "`https://a.example/help` is no origin: it has a path",
        ),
        (&["--kind=publishable", "--origins=*"], "it has no scheme"),
        (&["--kind=secret", shop], "a secret key is bound to no origin"),
        (&["--allow-no-origin"], "a secret key is bound to no origin"),
        (
            &["--kind=publishable", shop, "--scopes=*"],
            "`*` is no scope of a publishable key",
        ),
        (
            &["--kind=publishable", shop, "--scopes=search:read,knowledge:read"],
            "`knowledge:read` is no scope of a publishable key",
        ),
        (&["--expires=2020-01-31T00:00:00Z"], "2020-01-31 00:00 UTC is over"),
    ] {
        let (code, printed, complained) = create(arguments);
        assert_eq!((code, printed.as_str()), (Some(1), ""), "{arguments:?}: {complained}");
        assert!(complained.contains(says), "{arguments:?}: {complained}");
        assert!(complained.contains("\nhelp: "), "{arguments:?}: {complained}");
    }
    assert_eq!(keys().await, before, "none was made");
    for arguments in [
        ["--kind=publishable", shop, "--name=a\u{1b}[2Jb"].as_slice(),
        &[
            "--kind=publishable",
            "--allow-no-origin",
            "--scopes=search:read,jobs:read",
        ],
        &["--expires=2999-01-31T00:00:00Z"],
    ] {
        let (code, printed, complained) = create(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {complained}");
        assert!(printed.starts_with("vk_"), "{printed}");
    }
    let listed = Process::run(&["keys", "list", "--tenant=dev"], &environment);
    assert!(listed.contains("[2Jb") && !listed.contains('\u{1b}'), "{listed}");
    let of_keys = ["keys", "list", "--tenant=dev", "--json"];
    for list in [&of_keys[..], &["tenants", "list", "--json"]] {
        let listed = Process::run(list, &environment);
        assert!(
            listed.starts_with("[\n  {\n"),
            "indented, as other commands print it: {listed}"
        );
    }
    app.abandon().await;
}

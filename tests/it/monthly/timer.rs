//! What starts the monthly job: units for systemd, a line for cron.

use super::*;

/// systemd itself is asked whether it understands the files.
#[test]
fn a_timer_is_what_systemd_understands() {
    let project = office("withhold");
    let folder = project.file("units of 100%");
    let folder = folder.to_str().unwrap();
    let arguments = ["schedule", "--write", folder, "--day", "last", "--month", "1,7", "--at", "04:30"];
    let given = ["--key", "/etc/keys/of the office", "--on-failure", "mail -s \"100% $HOME\" office"];
    project.shebao(&[&arguments[..], &given].concat()).must_end_with(0);
    let read = |name: &str| fs::read_to_string(Path::new(folder).join(name)).unwrap();
    // What holds for every command goes along.
    assert!(read("shebao.service").contains(" \"--key\" \"/etc/keys/of the office\" "), "{}", read("shebao.service"));
    assert!(read("shebao.cron").contains(" --key '/etc/keys/of the office' "), "{}", read("shebao.cron"));
    assert!(read("shebao.service").contains("ReadWritePaths=") && read("shebao.service").contains("/etc/keys\n"));
    // A run that is killed cannot tell; somebody else does.
    assert!(read("shebao.service").contains("OnFailure=shebao-failed.service\n"));
    let failed = read("shebao-failed.service");
    let record = failed.lines().find_map(|line| line.strip_prefix("StandardInputText=")).unwrap();
    let record: Value = serde_json::from_str(record).unwrap();
    assert_eq!(record["outcome"], "killed");
    assert!(failed.contains("ExecStart=/bin/sh -c \"mail -s \\\"100%% $$HOME\\\" office\"\n"), "{failed}");
    assert!(read("shebao.timer").contains("OnCalendar=*-01,07~01 04:30:00 Asia/Shanghai\n"));
    assert!(
        read("shebao.service")
            .contains("\"run\" \"--period\" \"previous\" \"--on-failure\" \"mail -s \\\"100%% $$HOME\\\" office\"\n")
    );
    project.shebao(&["schedule", "--day", "31"]).must_end_with(2).must_contain("write last for the last one");
    let Ok(verified) = Command::new("systemd-analyze")
        .arg("verify")
        .args(["shebao.service", "shebao.timer", "shebao-failed.service"])
        .current_dir(folder)
        .output()
    else {
        eprintln!("skipped: systemd-analyze is not here");
        return;
    };
    let told = String::from_utf8(verified.stderr).unwrap();
    assert!(verified.status.success() && !told.contains("shebao."), "{told}");
    let calendar =
        Command::new("systemd-analyze").args(["calendar", "*-01,07~01 04:30:00 Asia/Shanghai"]).output().unwrap();
    assert!(calendar.status.success());
}

/// Cron's line is run by a shell as cron would, on machines whose clocks stand elsewhere, in a project that never ran.
#[test]
fn the_line_for_cron_runs_at_the_time_of_the_zone() {
    let tools = tempfile::tempdir().unwrap();
    // A clock that stands still; `-d tomorrow` is the one thing asked of it besides.
    let clock = "#!/bin/sh\nat=$NOW\ncase $1 in -d) at=$((NOW + 86400)); shift 2;; esac\nPATH=/usr/bin:/bin exec date -d @$at \"$@\"\n";
    let date = tools.path().join("date");
    fs::write(&date, clock).unwrap();
    fs::set_permissions(&date, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap());
    // The file of 2026-10 is missing, so that there is somebody to tell.
    let project = office("withhold");
    let run = |options: &[&str], machine: &str, time: &str| {
        let at: jiff::Timestamp = time.parse().unwrap();
        let told = project.file("told.json");
        let hook = format!("cat > '{}'", told.display());
        let words = [&["schedule", "--write", "units", "--on-failure", &hook], options].concat();
        project.shebao_inside(&words).must_end_with(0);
        let cron = project.read("units/shebao.cron");
        let line = cron.lines().find(|line| !line.starts_with('#')).unwrap();
        let (minutes, command) = line.split_once(" * * * * ").unwrap();
        let minute = at.in_tz(machine).unwrap().minute().to_string();
        if !minutes.split(',').any(|one| one == minute) {
            return false;
        }
        let _ = fs::remove_dir_all(project.file("warehouse"));
        let _ = fs::remove_file(&told);
        let seconds = at.as_second().to_string();
        Command::new("/bin/sh")
            .args(["-c", &command.replace("\\%", "%")])
            .envs([("PATH", path.as_str()), ("TZ", machine), ("NOW", &seconds), ("SOURCE_DATE_EPOCH", &seconds)])
            .current_dir("/")
            .status()
            .unwrap();
        let log = fs::read_to_string(project.file("warehouse/cron.log")).unwrap_or_default();
        let ran = log.contains("is withheld");
        assert_eq!((ran, told.exists()), (ran, ran), "{log}");
        ran
    };
    let rows: [(&[&str], &str, &str, bool); 10] = [
        // Shanghai is eight hours ahead of UTC, and has no summer time.
        (&[], "UTC", "2026-11-11T19:00:00Z", true),
        (&[], "UTC", "2026-11-12T03:00:00Z", false),
        (&[], "UTC", "2026-11-10T19:00:00Z", false),
        (&[], "America/New_York", "2026-11-11T19:00:00Z", true),
        (&[], "Asia/Kathmandu", "2026-11-11T19:00:00Z", true),
        (&["--at", "03:10"], "UTC", "2026-11-11T19:00:00Z", false),
        (&["--at", "03:10"], "UTC", "2026-11-11T19:10:00Z", true),
        // The last of November in Shanghai, and the one before.
        (&["--day", "last"], "UTC", "2026-11-29T19:00:00Z", true),
        (&["--day", "last"], "UTC", "2026-11-28T19:00:00Z", false),
        (&["--month", "1,7"], "UTC", "2026-11-11T19:00:00Z", false),
    ];
    for (options, machine, time, expected) in rows {
        assert_eq!(run(options, machine, time), expected, "{options:?} at {time} on a machine of {machine}");
    }
    let long = "x".repeat(1_000);
    let told = project.shebao(&["schedule", "--on-failure", &long]).must_end_with(0).stdout;
    assert!(told.contains("no line for cron, which takes 990 bytes"), "{told}");
}

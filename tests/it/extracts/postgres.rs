//! Extracts out of a PostgreSQL database: a server of its own in a folder that vanishes with the test, asked over its socket and
//! over the network, by each way to log in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{project, rows};
use crate::support::TestProject;

const PASSWORD: &str = "se cret/@";

/// A server that stops with the test.
struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Server {
    /// `None`, said aloud, where the server is not installed; on CI it must be.
    fn start(port: u16) -> Option<Server> {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let Some(programs) = versions.map(|v| v.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max()
        else {
            assert!(std::env::var_os("SHEBAO_CI").is_none(), "PostgreSQL is not here: make postgres");
            eprintln!("skipped: PostgreSQL is not here (make postgres installs it)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let server = Server { folder, programs, port };
        server.as_user("chmod", &["700", "."]);
        fs::write(server.folder.path().join("password"), PASSWORD).unwrap();
        let data = server.data();
        let how = ["-D", &data, "-U", "agency", "--pwfile=password", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"];
        server.as_user("initdb", &how);
        server.run_with("scram-sha-256");
        Some(server)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// The server does not run as root: another user does then.
    fn command(&self, program: &str) -> Command {
        let known = self.programs.join(program);
        let mut command = Command::new(if known.exists() { known } else { program.into() });
        command.current_dir(self.folder.path()).stdout(Stdio::null());
        use std::os::unix::fs::MetadataExt as _;
        use std::os::unix::process::CommandExt as _;
        const NOBODY: u32 = 65534;
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            std::os::unix::fs::chown(self.folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn as_user(&self, program: &str, arguments: &[&str]) {
        let status = self.command(program).args(arguments).status().unwrap();
        assert!(status.success(), "{program} {arguments:?}");
    }

    fn run_with(&self, login: &str) {
        let rules = format!("local all all {login}\nhost all all 127.0.0.1/32 {login}\n");
        fs::write(self.folder.path().join("data/pg_hba.conf"), rules).unwrap();
        let options =
            format!("-p {} -k {} -c fsync=off -c listen_addresses=127.0.0.1", self.port, self.folder.path().display());
        let _ =
            self.command("pg_ctl").args(["-D", &self.data(), "-m", "immediate", "stop"]).stderr(Stdio::null()).status();
        self.as_user("pg_ctl", &["-D", &self.data(), "-w", "-l", "log", "-o", &options, "start"]);
    }

    fn sql(&self, sql: &str) {
        let mut psql = self.command("psql");
        let status = psql
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "agency", "-d", "postgres", "-q", "-c", sql])
            .env("PGPASSWORD", PASSWORD)
            .status();
        assert!(status.unwrap().success(), "{sql}");
    }

    fn address(&self) -> String {
        format!("postgresql://agency:se%20cret%2F%40@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.command("pg_ctl").args(["-D", &self.data(), "-m", "immediate", "stop"]).status();
    }
}

/// The layout of deaths, asked of a database.
fn deaths(postgres: &str) -> TestProject {
    let project = project();
    let layout = project.read("pipelines/agency/death.toml");
    let begins = layout.find("file ").expect("the layout names files");
    let ends = begins + layout[begins..].find('\n').unwrap();
    let (head, fields) = layout.split_at(layout.find("[[field]]").unwrap());
    let head = format!("{}file = \"agency/death/{{month}}.postgres\"{}", &head[..begins], &head[ends..]);
    let head = head.replace(
        "replaces    = [\"region\", \"month\"]",
        "replaces    = [\"month\"]\ncontext     = { region = \"530402\" }",
    );
    project.write("pipelines/agency/death.toml", format!("{head}\n[postgres]\n{postgres}\n\n{fields}"));
    let calendar = "time_zone = \"Asia/Shanghai\"\n\n[[due]]\nname = \"死亡\"\nfile = \"agency/death/{month}.postgres\"\n\
                    every = \"month\"\nfrom = \"2026-01\"\ndue_day = 10\ndue_time = \"18:00\"\non_missing = \"partial\"\n";
    project.write("pipelines/calendar.toml", calendar);
    project
}

const QUERY: &str = "query = \"SELECT grbh AS 个人编号, swrq AS 死亡日期 FROM deaths WHERE ym = '{month}'\"";

fn write_address(project: &TestProject, address: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    project.write("address", address);
    fs::set_permissions(project.file("address"), fs::Permissions::from_mode(0o600)).unwrap();
}

fn run(project: &TestProject) -> crate::support::Said {
    project.shebao(&["run", "--period", "2026-01"])
}

#[test]
fn rows_of_a_database_are_records_like_those_of_a_file() {
    let Some(server) = Server::start(54_329) else { return };
    server.sql("CREATE TABLE deaths (ym text, grbh text, swrq text)");
    server.sql(
        "INSERT INTO deaths VALUES ('2026-01', '530402195001010017', '2026-01-05'), \
                ('2026-01', '530402195001010025', '20260131'), ('2026-01', '530402195001010033', '31日'), \
                ('2026-02', '530402195001010041', '20260201')",
    );
    let project = deaths(&format!("url_file = \"address\"\n{QUERY}"));
    project.edit("pipelines/agency/death.toml", "rejects_max = 0.01", "rejects_max = 0.5");
    write_address(&project, &server.address());
    for login in ["scram-sha-256", "password"] {
        server.run_with(login);
        run(&project).must_end_with(0);
    }
    let status = |told: &str| {
        let said = project.shebao(&["status"]).must_end_with(0).stdout;
        let told = format!("database      agency/death/2026-01.postgres: {told}\n");
        assert!(said.contains(&told) && !said.contains("(gone)"), "{said}");
    };
    status("3 rows, as in the release");
    let held = |project: &TestProject| rows(project, "SELECT month, region, death_date FROM core_death");
    assert_eq!(held(&project), ["month,region,death_date", "2026-01,530402,2026-01-05", "2026-01,530402,2026-01-31"]);
    let rejects = rows(&project, "SELECT source_file, line, raw, reason FROM core_reject");
    assert_eq!(rejects[1..], ["agency/death/2026-01.postgres,4,31日,not-a-date"]);
    // The same rows in another order are nothing new; one that is mended makes its month anew.
    run(&project).must_contain("nothing to do");
    server.sql("CREATE TABLE turned AS SELECT * FROM deaths ORDER BY grbh DESC");
    server.sql("DROP TABLE deaths");
    server.sql("ALTER TABLE turned RENAME TO deaths");
    run(&project).must_contain("nothing to do");
    server.sql("UPDATE deaths SET swrq = '20260130' WHERE swrq = '31日'");
    status("3 rows, other than in the release");
    run(&project).must_end_with(0);
    assert_eq!(held(&project).len(), 4);
    // Over the socket.
    let socket = format!(
        "postgresql://agency:se%20cret%2F%40@/postgres?host={}&port={}",
        server.folder.path().display(),
        server.port
    );
    write_address(&project, &socket);
    run(&project).must_contain("nothing to do");
    faults_are_told(&project, &server);
    write_address(&project, &server.address().replace("54329", "1"));
    status("no answer: no database answers at 127.0.0.1:1/postgres");
    assert_eq!(held(&project).len(), 4);
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(project.file("address"), fs::Permissions::from_mode(0o644)).unwrap();
    run(&project).must_end_with(2).must_contain("can be read by others than its owner (mode 644)");
    let shown = everything_but_the_address(&project);
    assert!(
        !shown.contains("530402195001010017") && !shown.contains("cret"),
        "a personal number or the password is kept"
    );
}

/// What is wrong with the server, the login or the query; the password shows nowhere.
fn faults_are_told(project: &TestProject, server: &Server) {
    let faults = [
        (
            server.address().replace("cret", "cre"),
            "error[database-login]: the database 127.0.0.1:54329/postgres does not let this user in",
        ),
        (
            server.address().replace("/postgres", "/other"),
            "error[database-query]: the database 127.0.0.1:54329/other cannot answer",
        ),
        (server.address().replace("54329", "1"), "error[database-absent]: no database answers at 127.0.0.1:1/postgres"),
        ("mysql://a@b/c".to_owned(), "error[database-address]: the address of the database is none"),
    ];
    for (address, told) in faults {
        write_address(project, &address);
        let said = run(project).must_end_with(2).must_contain(told);
        assert!(!format!("{}{}", said.stdout, said.stderr).contains("se%20cre"), "the password shows");
    }
    write_address(project, &server.address());
    for (from, to, told) in [
        (
            "swrq AS",
            "swqr AS",
            "error[database-query]: the database 127.0.0.1:54329/postgres cannot answer: column \"swqr\" does not exist",
        ),
        ("AS 死亡日期 FROM", "AS 死亡时间 FROM", "error[header-missing]: no column is headed"),
        ("swrq AS 死亡日期", "1 / length(replace(ym, ym, '')) AS 死亡日期", "gave up (22012)"),
        ("SELECT grbh", "DELETE FROM deaths RETURNING grbh", "error[database"),
    ] {
        let before = project.read("pipelines/agency/death.toml");
        project.edit("pipelines/agency/death.toml", from, to);
        let said = run(project).must_contain(told);
        assert_ne!(said.code, 0);
        project.write("pipelines/agency/death.toml", before);
    }
}

/// The bytes of all that the project keeps.
fn everything_but_the_address(project: &TestProject) -> String {
    let mut text = String::new();
    let mut open: Vec<PathBuf> = ["warehouse", "out"].map(|folder| project.file(folder)).to_vec();
    while let Some(path) = open.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.map(|e| e.unwrap().path())),
            Err(_) => text.push_str(&String::from_utf8_lossy(&fs::read(Path::new(&path)).unwrap())),
        }
    }
    text
}

#[test]
fn an_address_that_is_not_there_is_told() {
    let project = deaths(&format!("url_env = \"SHEBAO_TEST_NO_SUCH_ADDRESS\"\n{QUERY}"));
    run(&project)
        .must_end_with(2)
        .must_contain("the environment variable SHEBAO_TEST_NO_SUCH_ADDRESS, which holds the address");
    for (postgres, told) in [
        (QUERY.to_owned(), "the address of the database is said once"),
        (format!("url_env = \"A\"\ntable = \"deaths\"\n{QUERY}"), "what the database is asked for is said once"),
        ("url_env = \"A\"\ntable = \"deaths\"".to_owned(), "the query and the name do not speak of the same month"),
    ] {
        run(&deaths(&postgres)).must_end_with(2).must_contain(told);
    }
}

/// The service of a project whose extracts are asked of a database says where its address goes; without --on-failure nobody is
/// called.
#[test]
fn a_timer_has_a_place_for_the_address() {
    let schedule = ["schedule", "--name", "office"];
    let written = deaths(&format!("url_file = \"address\"\n{QUERY}")).shebao(&schedule).must_end_with(0).stdout;
    assert!(!written.contains("EnvironmentFile") && !written.contains("OnFailure"), "{written}");
    let named = deaths(&format!("url_env = \"OFFICE_DATABASE\"\n{QUERY}")).shebao(&schedule).must_end_with(0).stdout;
    assert!(named.contains("# Expected: OFFICE_DATABASE\nEnvironmentFile=-/etc/default/office\nExecStart="), "{named}");
    assert!(named.contains("# OFFICE_DATABASE=postgresql://…\n"), "{named}");
}

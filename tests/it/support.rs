//! A project of its own per test, the binary to run on it, and one release of the fixtures that many tests read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl Said {
    #[track_caller]
    pub fn must_end_with(self, code: i32) -> Said {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn must_contain(self, text: &str) -> Said {
        let whole = format!("{}\n{}", self.stdout, self.stderr);
        assert!(whole.contains(text), "expected {text:?} in:\n{whole}");
        self
    }
}

/// A copy of this project's pipelines, SQL, reports and fixtures in a folder that vanishes with the test.
pub struct TestProject {
    folder: TempDir,
}

impl TestProject {
    pub fn new() -> TestProject {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for part in ["pipelines", "sql", "reports", "fixtures"] {
            copy(&root().join(part), &folder.path().join(part));
        }
        TestProject { folder }
    }

    /// Some files and folders of this project alone.
    pub fn of(parts: &[&str]) -> TestProject {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for part in parts {
            let to = folder.path().join(part);
            fs::create_dir_all(to.parent().expect("a part has a folder")).expect("the folder can be made");
            copy(&root().join(part), &to);
        }
        TestProject { folder }
    }

    /// A project with the code lists and these models, and nothing else: its main job is quick.
    pub fn small(models: &[&str]) -> TestProject {
        let models: Vec<String> = models.iter().map(|model| format!("sql/models/core/{model}.sql")).collect();
        let parts: Vec<&str> = ["pipelines/codes"].into_iter().chain(models.iter().map(String::as_str)).collect();
        let project = TestProject::of(&parts);
        for folder in ["fixtures", "sql/audits", "reports"] {
            fs::create_dir_all(project.file(folder)).expect("the folder can be made");
        }
        project
    }

    /// A path whose folder is there.
    fn file_made(&self, name: &str) -> PathBuf {
        let path = self.file(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        path
    }

    /// Another project as it stands, releases and all.
    pub fn copy_of(other: &TestProject) -> TestProject {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(other.path(), folder.path());
        TestProject { folder }
    }

    /// The id of the current release.
    #[track_caller]
    pub fn current(&self) -> String {
        let said = self.shebao(&["status", "--json"]).must_end_with(0);
        let status: serde_json::Value = serde_json::from_str(&said.stdout).expect("status speaks JSON");
        status["release"].as_str().expect("a release").to_owned()
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.file_made(name), bytes).expect("the file can be written");
    }

    /// Replace a text that must be there once or more.
    #[track_caller]
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} holds no {from:?}");
        self.write(name, text.replace(from, to));
    }

    /// Run `shebao` on the project.
    pub fn shebao(&self, arguments: &[&str]) -> Said {
        self.say(Command::new(env!("CARGO_BIN_EXE_shebao")), arguments)
    }

    /// Run `shebao` in the project's folder, as a person does who reads its README.
    pub fn shebao_inside(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shebao"));
        command.current_dir(self.path());
        self.say(command, arguments)
    }

    /// Run `shebao` at a time of the clock.
    pub fn shebao_at(&self, time: &str, arguments: &[&str]) -> Said {
        let seconds = time.parse::<jiff::Timestamp>().expect("a time").as_second().to_string();
        self.say_at(Command::new(env!("CARGO_BIN_EXE_shebao")), arguments, &seconds)
    }

    /// Run `shebao` with a warehouse on a file system that has `free` KiB left; `None` where no mount namespace can be had.
    pub fn on_a_full_disk(&self, free: u32, arguments: &[&str]) -> Option<Said> {
        let script = format!(
            "set -e; d={}/warehouse; cp -a $d $d.all; mount -t tmpfs -o size=8m tmpfs $d; cp -a $d.all/. $d/; \
             head -c 16m /dev/zero > $d/filler 2>/dev/null || true; truncate -s -{free}K $d/filler; exec \"$@\"",
            self.path().display()
        );
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_shebao")]);
        let possible = Command::new("unshare").args(["--user", "--map-root-user", "--mount", "true"]).status();
        possible.is_ok_and(|s| s.success()).then(|| self.say(unshare, arguments))
    }

    /// Run `shebao` as a user who may read the project and write nothing in it but the folders named.
    pub fn allowed_to_write_only(&self, writable: &[&str], arguments: &[&str]) -> Said {
        self.allowed(writable, &[], arguments)
    }

    /// The same as a user who may not read some files.
    pub fn allowed(&self, writable: &[&str], unreadable: &[&str], arguments: &[&str]) -> Said {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        use std::os::unix::process::CommandExt as _;
        const NOBODY: u32 = 65534;
        let root = fs::metadata("/proc/self").expect("procfs").uid() == 0;
        let set = |mode: &str, folder: &Path| {
            let status = Command::new("chmod").args(["-R", mode]).arg(folder).status();
            assert!(status.expect("chmod runs").success());
        };
        set("a-w,a+rX", self.path());
        writable.iter().for_each(|folder| set("a+w", &self.file(folder)));
        unreadable.iter().for_each(|file| set("a-r", &self.file(file)));
        if !root {
            let said = self.shebao(arguments);
            set("u+w", self.path());
            return said;
        }
        // root may write anywhere; another user gets a copy of the binary where it can be reached.
        let place = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let binary = place.path().join("shebao");
        fs::copy(env!("CARGO_BIN_EXE_shebao"), &binary).expect("the binary can be copied");
        let mut command = Command::new(&binary);
        command.uid(NOBODY).gid(NOBODY);
        self.say(command, arguments)
    }

    fn say(&self, command: Command, arguments: &[&str]) -> Said {
        self.say_at(command, arguments, "1764547200")
    }

    fn say_at(&self, mut command: Command, arguments: &[&str], seconds: &str) -> Said {
        let output = command
            .arg("--project")
            .arg(self.path())
            .args(arguments)
            .env("SOURCE_DATE_EPOCH", seconds)
            .env_remove("SHEBAO_INPUT")
            .env("NO_COLOR", "1")
            .output()
            .expect("the binary runs");
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("output is UTF-8");
            text.replace(&self.path().display().to_string(), "PROJECT")
        };
        Said { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code().unwrap_or(-1) }
    }
}

/// This project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Material that is not part of the project; `None`, said aloud, where it is absent.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(name);
    if !path.exists() {
        eprintln!("skipped: ../shared/{name} is not here");
        return None;
    }
    Some(path)
}

/// A project on whose fixtures the main job has been run once; read it, do not change it.
pub fn published() -> &'static TestProject {
    static PUBLISHED: OnceLock<TestProject> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let project = TestProject::new();
        project.shebao(&["run"]).must_end_with(0);
        project
    })
}

/// The current release of [`published`].
pub fn release() -> &'static shebao::warehouse::Warehouse {
    static RELEASE: OnceLock<shebao::warehouse::Warehouse> = OnceLock::new();
    RELEASE.get_or_init(|| {
        let project = shebao::project::Project::open(published().path(), None).expect("a project");
        shebao::cli::job::open_release(&project, None).expect("a release")
    })
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("the folder can be made");
        for entry in fs::read_dir(from).expect("the folder can be read") {
            let entry = entry.expect("the folder can be read");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).expect("the file can be copied");
    }
}

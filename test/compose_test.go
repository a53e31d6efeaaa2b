package test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// composeProject loads a compose file as the specification's own loader does,
// which checks it against the schema and for consistency.
func composeProject(text string, profiles ...string) (*types.Project, error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	return loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  root,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(root, "compose.yml"), Content: []byte(text)}},
	}, loader.WithProfiles(profiles))
}

func mustCompose(t *testing.T, file string, profiles ...string) *types.Project {
	t.Helper()
	project, err := composeProject(readRoot(t, file), profiles...)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return project
}

// readRoot returns the text of a file in the repository's root.
func readRoot(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// serviceNames returns the services that are started, sorted.
func serviceNames(project *types.Project) []string {
	names := project.ServiceNames()
	slices.Sort(names)
	return names
}

// checkServer checks what every database server in a compose file must have:
// a pinned image, a health check, no port but on the loopback interface, and
// data, if it keeps any, on a volume that the file declares.
func checkServer(t *testing.T, project *types.Project, name string) {
	t.Helper()
	service := project.Services[name]
	if !regexp.MustCompile(`:v?\d+\.\d+`).MatchString(service.Image) {
		t.Errorf("%s: the image %q is not pinned to a version", name, service.Image)
	}
	if service.HealthCheck == nil || service.HealthCheck.Disable || len(service.HealthCheck.Test) < 2 {
		t.Errorf("%s: no health check", name)
	}
	checkLoopback(t, service)
	for _, volume := range service.Volumes {
		if _, declared := project.Volumes[volume.Source]; volume.Type != types.VolumeTypeVolume || !declared {
			t.Errorf("%s: %s is not on a named volume", name, volume.Target)
		}
	}
}

func checkLoopback(t *testing.T, service types.ServiceConfig) {
	t.Helper()
	for _, port := range service.Ports {
		if port.HostIP != "127.0.0.1" {
			t.Errorf("%s: port %s is published on %q", service.Name, port.Published, port.HostIP)
		}
	}
}

func publishes(service types.ServiceConfig, published string, target uint32) bool {
	return len(service.Ports) == 1 && service.Ports[0].Published == published && service.Ports[0].Target == target
}

func keepsData(service types.ServiceConfig, target string) bool {
	return slices.ContainsFunc(service.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Target == target })
}

func needsHealthy(service types.ServiceConfig, names ...string) bool {
	for _, name := range names {
		if service.DependsOn[name].Condition != types.ServiceConditionHealthy {
			return false
		}
	}
	return len(service.DependsOn) == len(names)
}

func TestComposeOfMySQL(t *testing.T) {
	project := mustCompose(t, "docker-compose.yml")
	want := map[string]string{"mysql1": "3306", "mysql2": "3307", "mysql3": "3308"}
	if got := serviceNames(project); !slices.Equal(got, []string{"mysql1", "mysql2", "mysql3"}) {
		t.Fatalf("without a profile these services start: %v", got)
	}
	for name, port := range want {
		checkServer(t, project, name)
		service := project.Services[name]
		if !publishes(service, port, 3306) {
			t.Errorf("%s: ports %v, want %s", name, service.Ports, port)
		}
		if !keepsData(service, "/var/lib/mysql") {
			t.Errorf("%s: its data are on no volume", name)
		}
		for variable, value := range map[string]string{"MYSQL_ALLOW_EMPTY_PASSWORD": "yes", "MYSQL_ROOT_HOST": "%"} {
			if got := service.Environment[variable]; got == nil || *got != value {
				t.Errorf("%s: %s is not %q", name, variable, value)
			}
		}
	}
	if text := readRoot(t, "docker-compose.yml"); !strings.Contains(text, "DEVELOPMENT ONLY") {
		t.Error("the file does not say that it is for development only")
	}
}

func TestComposeOfApp(t *testing.T) {
	project := mustCompose(t, "docker-compose.yml", "app")
	app, ok := project.Services["databalancer"]
	if !ok {
		t.Fatal("the profile app starts no databalancer")
	}
	checkLoopback(t, app)
	if !publishes(app, "8080", 8080) {
		t.Errorf("ports %v", app.Ports)
	}
	if app.Build == nil {
		t.Error("databalancer is not built from the Dockerfile")
	}
	if !needsHealthy(app, "mysql1", "mysql2") {
		t.Errorf("databalancer waits for %v", app.DependsOn)
	}
	if got := app.Environment["DATABALANCER_MYSQL_ADDRESS"]; got == nil || *got != "mysql1:3306,mysql2:3306" {
		t.Error("databalancer is not wired to the first two servers")
	}
}

func TestComposeOfTiDB(t *testing.T) {
	project := mustCompose(t, "docker-compose.tidb.yml")
	if got := serviceNames(project); !slices.Equal(got, []string{"pd", "tidb", "tikv"}) {
		t.Fatalf("these services start: %v", got)
	}
	for _, name := range serviceNames(project) {
		checkServer(t, project, name)
	}
	if !publishes(project.Services["tidb"], "4000", 4000) {
		t.Errorf("ports of tidb: %v", project.Services["tidb"].Ports)
	}
	for _, name := range []string{"pd", "tikv"} {
		if service := project.Services[name]; len(service.Ports) > 0 || !keepsData(service, "/data") {
			t.Errorf("%s: ports %v, volumes %v", name, service.Ports, service.Volumes)
		}
	}
	if !needsHealthy(project.Services["tikv"], "pd") || !needsHealthy(project.Services["tidb"], "tikv") {
		t.Error("TiDB does not start in order: pd, tikv, tidb")
	}
	setup := mustCompose(t, "docker-compose.tidb.yml", "setup").Services["setup"]
	if !needsHealthy(setup, "tidb") {
		t.Error("setup does not wait for TiDB")
	}
	for _, database := range []string{"databalancer", "databalancer_catalog"} {
		if !strings.Contains(strings.Join(setup.Command, " "), "CREATE DATABASE IF NOT EXISTS "+database+";") {
			t.Errorf("setup makes no database %s", database)
		}
	}
}

// TestComposeLoaderIsStrict keeps the tests above from passing by a loader
// that lets everything through.
func TestComposeLoaderIsStrict(t *testing.T) {
	text := readRoot(t, "docker-compose.yml")
	for old, replacement := range map[string]string{
		"healthcheck:":                           "healthchek:",
		"mysql1: { condition: service_healthy }": "mysql9: { condition: service_healthy }",
	} {
		if !strings.Contains(text, old) {
			t.Fatalf("the file does not contain %q", old)
		}
		if _, err := composeProject(strings.Replace(text, old, replacement, 1), "app"); err == nil {
			t.Errorf("%q instead of %q was accepted", replacement, old)
		}
	}
}

func TestDockerfile(t *testing.T) {
	build, final, ok := strings.Cut(readRoot(t, "Dockerfile"), "\nFROM gcr.io/distroless/static")
	if !ok {
		t.Fatal("the final stage is not an image without a shell")
	}
	module := readRoot(t, "go.mod")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(module)
	if version == nil || !strings.HasPrefix(build, "FROM golang:"+version[1]+" AS build\n") {
		t.Errorf("the image builds with another Go than go.mod's %v", version)
	}
	if !strings.Contains(build, "CGO_ENABLED=0 go build") {
		t.Error("the program is not static")
	}
	if !regexp.MustCompile(`(?m)^USER [1-9]\d*:[1-9]\d*$`).MatchString(final) {
		t.Error("the image does not run as a numbered user other than root")
	}
	if !strings.Contains(final, `ENTRYPOINT ["/databalancer"]`) || !strings.Contains(build, "-o /databalancer ") {
		t.Error("the image does not run the program that it builds")
	}
}

// TestDockerContext holds .dockerignore, which lists the folders that the
// image is built from, and the program's packages together.
func TestDockerContext(t *testing.T) {
	const module = "github.com/kolide/databalancer/"
	ignore := readRoot(t, ".dockerignore")
	output, err := exec.Command("go", "list", "-deps", "../cmd/databalancer").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(output)) {
		folder, ours := strings.CutPrefix(path, module)
		folder, _, _ = strings.Cut(folder, "/")
		if ours && !strings.Contains(ignore, "\n!"+folder+"/\n") {
			t.Errorf(".dockerignore keeps %s out of the image's build", folder)
		}
	}
}

// makeDry returns what make would run for a target.
func makeDry(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("make", append([]string{"--dry-run", "--no-print-directory"}, args...)...)
	cmd.Dir = ".."
	// The make that runs this test must not be taken for its parent.
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make %v: %v\n%s", args, err, output)
	}
	return string(output)
}

func TestMakefile(t *testing.T) {
	for target, want := range map[string][]string{
		"":         {"CGO_ENABLED=0 go build", "-o bin/databalancer"},
		"deps":     {"scripts/deps.sh"},
		"build":    {"CGO_ENABLED=0 go build -trimpath", "-X main.version=", "-o bin/databalancer"},
		"run":      {"scripts/deps.sh", "go build", "bin/databalancer -local 2 -log_events -data_dir ./data"},
		"test":     {"scripts/deps.sh", "gofmt -l", "go vet", "staticcheck", "go test -race -tags gms_pure_go", "./..."},
		"lint":     {"gofmt -l", "go vet -tags gms_pure_go", "go tool staticcheck -tags gms_pure_go"},
		"bench":    {"./test/bench"},
		"fuzz":     {"-fuzz ", "-fuzztime 30s"},
		"db_start": {"docker-compose.tidb.yml up", "--wait"},
		"db_setup": {"docker-compose.tidb.yml run --rm setup"},
		"db_stop":  {"docker-compose.tidb.yml down"},
	} {
		commands := makeDry(t, strings.Fields(target)...)
		for _, part := range want {
			if !strings.Contains(commands, part) {
				t.Errorf("make %s does not run %q:\n%s", target, part, commands)
			}
		}
	}
}

// TestMakefileHelp holds the targets that CONTRIBUTING.md tells of and those
// of make help together.
func TestMakefileHelp(t *testing.T) {
	help := readRoot(t, "Makefile")
	for _, match := range regexp.MustCompile("`make ([a-z_]+)`").FindAllStringSubmatch(readRoot(t, "CONTRIBUTING.md"), -1) {
		if !regexp.MustCompile(`(?m)^` + match[1] + `:.*## `).MatchString(help) {
			t.Errorf("CONTRIBUTING.md tells of make %s, which make help does not know", match[1])
		}
	}
}

func TestBuiltFilesAreIgnored(t *testing.T) {
	ignored := strings.Fields(readRoot(t, ".gitignore"))
	for _, path := range []string{"/bin/", "/data/"} {
		if !slices.Contains(ignored, path) {
			t.Errorf(".gitignore does not name %s, which make makes", path)
		}
	}
}

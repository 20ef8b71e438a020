package deploy

import (
	"debug/elf"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/tuition-hq/tuition/pkg/app"
)

const composeFile = "../docker-compose.yml"

func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// variables are those that example.env asks for, filled in.
func variables(t *testing.T) types.Mapping {
	t.Helper()
	filled := types.Mapping{}
	for line := range strings.Lines(text(t, "example.env")) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if value != "" {
			t.Errorf("example.env gives %s a value that people would keep", name)
		}
		filled[name] = "filled-in-by-hand-" + strings.ToLower(name)
	}
	return filled
}

func compose(t *testing.T, environment types.Mapping) (*types.Project, error) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: root, Environment: environment,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(root, "docker-compose.yml")}},
	})
}

func loaded(t *testing.T) *types.Project {
	t.Helper()
	project, err := compose(t, variables(t))
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestComposeFileWiresEverything(t *testing.T) {
	project := loaded(t)
	names := project.ServiceNames()
	slices.Sort(names)
	if want := []string{"alertmanager", "clickhouse", "grafana", "kafka", "migrate", "prometheus", "tuition"}; !slices.Equal(names, want) {
		t.Errorf("services %v, not %v", names, want)
	}
	for name, service := range project.Services {
		if name == "migrate" {
			if service.Restart != "" {
				t.Error("migrate is started again and again")
			}
			continue
		}
		if service.HealthCheck == nil || len(service.HealthCheck.Test) < 2 {
			t.Errorf("%s has no health check", name)
		}
		if service.Restart != "unless-stopped" {
			t.Errorf("%s does not come back after a crash", name)
		}
	}
	for _, name := range []string{"kafka", "clickhouse", "prometheus", "alertmanager", "grafana"} {
		if !slices.ContainsFunc(project.Services[name].Volumes, func(v types.ServiceVolumeConfig) bool { return v.Type == types.VolumeTypeVolume }) {
			t.Errorf("%s forgets its data with its container", name)
		}
	}
}

func TestEveryMountedPathAndVolumeExists(t *testing.T) {
	project := loaded(t)
	used := map[string]bool{}
	for name, service := range project.Services {
		for _, volume := range service.Volumes {
			switch volume.Type {
			case types.VolumeTypeBind:
				if _, err := os.Stat(volume.Source); err != nil {
					t.Errorf("%s mounts %s: %v", name, volume.Source, err)
				}
				if !volume.ReadOnly {
					t.Errorf("%s may write to %s of the repository", name, volume.Source)
				}
			case types.VolumeTypeVolume:
				if _, ok := project.Volumes[volume.Source]; !ok {
					t.Errorf("%s mounts the volume %s, which is not declared", name, volume.Source)
				}
				used[volume.Source] = true
			}
		}
		if service.Build != nil {
			if _, err := os.Stat(filepath.Join(service.Build.Context, service.Build.Dockerfile)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, secret := range service.Secrets {
			if _, ok := project.Secrets[secret.Source]; !ok {
				t.Errorf("%s uses the secret %s, which is not declared", name, secret.Source)
			}
		}
	}
	for volume := range project.Volumes {
		if !used[volume] {
			t.Errorf("nobody uses the volume %s", volume)
		}
	}
	mounted := func(service, inside string) bool {
		for _, volume := range project.Services[service].Volumes {
			if volume.Target == inside {
				return true
			}
		}
		return false
	}
	// What the configurations name inside the containers is what is mounted there.
	for service, paths := range map[string][]string{
		"prometheus":   {"/etc/prometheus/prometheus.yml", "/etc/prometheus/rules", "/prometheus"},
		"alertmanager": {"/etc/alertmanager/alertmanager.yml", "/alertmanager"},
		"grafana":      {"/etc/grafana/provisioning", "/var/lib/grafana/dashboards"},
		"clickhouse":   {"/var/lib/clickhouse", "/etc/clickhouse-server/users.d/tuition.xml", "/etc/clickhouse-server/config.d/tuition.xml"},
	} {
		for _, path := range paths {
			if !mounted(service, path) {
				t.Errorf("%s has nothing at %s", service, path)
			}
		}
	}
	if !strings.Contains(text(t, "alertmanager/alertmanager.yml"), "/run/secrets/"+project.Services["alertmanager"].Secrets[0].Source) {
		t.Error("Alertmanager reads another file than the secret")
	}
	if path := "path: /var/lib/grafana/dashboards"; !strings.Contains(text(t, "../dashboards/provisioning/dashboards/tuition.yml"), path) {
		t.Errorf("Grafana's provider has no %q", path)
	}
}

// A variable that is missing stops compose; a password with a default would not.
func TestEveryVariableIsRequired(t *testing.T) {
	file := text(t, composeFile)
	for _, name := range regexp.MustCompile(`\$\{[^}]*\}`).FindAllString(file, -1) {
		if !regexp.MustCompile(`^\$\{[A-Z_]+:\?see deploy/example.env\}$`).MatchString(name) {
			t.Errorf("%s is not a required variable", name)
		}
	}
	asked := variables(t)
	for name := range asked {
		if name == "ALERT_WEBHOOK_URL" { // a secret: compose looks for it when it starts
			if !strings.Contains(file, "environment: "+name) {
				t.Errorf("%s is asked for and not used", name)
			}
			continue
		}
		without := types.Mapping{}
		for other, value := range asked {
			if other != name {
				without[other] = value
			}
		}
		if _, err := compose(t, without); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s compose goes on: %v", name, err)
		}
	}
	secret := regexp.MustCompile(`PASSWORD|SECRET|_KEY|_USER$`)
	for name, service := range loaded(t).Services {
		for variable, value := range service.Environment {
			if secret.MatchString(variable) && variable != "CLICKHOUSE_READ_USER" && variable != "CLICKHOUSE_SKIP_USER_SETUP" &&
				(value == nil || !strings.HasPrefix(*value, "filled-in-by-hand-")) {
				t.Errorf("%s: %s has a value that is not asked for", name, variable)
			}
		}
	}
}

func TestVariablesAreTuitionsSettings(t *testing.T) {
	settings := map[string]bool{}
	for _, setting := range app.Documentation() {
		settings[setting.Variable] = true
	}
	project := loaded(t)
	for _, name := range []string{"tuition", "migrate"} {
		for variable := range project.Services[name].Environment {
			if !settings[variable] {
				t.Errorf("%s: tuition has no setting %s", name, variable)
			}
		}
	}
	users := text(t, "clickhouse/users.d/tuition.xml")
	for _, match := range regexp.MustCompile(`from_env="([^"]+)"`).FindAllStringSubmatch(users, -1) {
		if value := project.Services["clickhouse"].Environment[match[1]]; value == nil || *value == "" {
			t.Errorf("ClickHouse has no %s for its users file", match[1])
		}
	}
	for _, source := range []string{"../dashboards/provisioning/datasources/tuition.yml"} {
		for _, match := range regexp.MustCompile(`\$\{([A-Z_]+)\}`).FindAllStringSubmatch(text(t, source), -1) {
			if value := project.Services["grafana"].Environment[match[1]]; value == nil || *value == "" {
				t.Errorf("Grafana has no %s for %s", match[1], source)
			}
		}
	}
	for _, setting := range app.Documentation() {
		if setting.Variable == "TUITION_CLICKHOUSE_READ_USERNAME" && *project.Services["grafana"].Environment["CLICKHOUSE_READ_USER"] != setting.Default {
			t.Errorf("Grafana does not read as %s", setting.Default)
		}
	}
}

func TestPortsFitAndStayOnThisMachine(t *testing.T) {
	project := loaded(t)
	inside := map[string][]int{
		"kafka": {29092, 9092}, "clickhouse": {9000, 8123}, "tuition": {8321}, "prometheus": {9090}, "alertmanager": {9093}, "grafana": {3000},
	}
	published := map[string]string{}
	for name, service := range project.Services {
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s on %q: everybody could reach it", name, port.Published, port.HostIP)
			}
			if other, taken := published[port.Published]; taken {
				t.Errorf("%s and %s publish the same port %s", name, other, port.Published)
			}
			published[port.Published] = name
			if !slices.Contains(inside[name], int(port.Target)) {
				t.Errorf("%s does not listen on %d", name, port.Target)
			}
		}
	}
	if listen := *project.Services["tuition"].Environment["TUITION_WEB_LISTEN"]; listen != "0.0.0.0:8321" {
		t.Errorf("tuition listens on %s", listen)
	}
	// Every service:port that one part is told of another is one that the other listens on.
	all := text(t, composeFile) + text(t, "prometheus/prometheus.yml")
	found := 0
	for _, match := range regexp.MustCompile(`\b(kafka|clickhouse|tuition|prometheus|alertmanager|grafana):(\d{4,5})\b`).FindAllStringSubmatch(all, -1) {
		port, _ := strconv.Atoi(match[2])
		if match[1] == "kafka" && port == 9093 {
			continue // the controller's own
		}
		found++
		if !slices.Contains(inside[match[1]], port) {
			t.Errorf("nobody listens on %s", match[0])
		}
	}
	if found < 6 {
		t.Errorf("only %d addresses were found: the expression is wrong", found)
	}
	if address, err := url.Parse(*project.Services["grafana"].Environment["PROMETHEUS_URL"]); err != nil || address.Host != "prometheus:9090" {
		t.Errorf("Grafana asks %v for metrics", address)
	}
}

func TestImagesArePinnedAndListed(t *testing.T) {
	listed := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(text(t, "IMAGES.md"), -1) {
		listed[match[1]] = false
	}
	use := func(image, where string) {
		if _, ok := listed[image]; !ok {
			t.Errorf("%s uses %s, which IMAGES.md does not list", where, image)
		}
		if _, tag, ok := strings.Cut(image, ":"); !ok || tag == "latest" {
			t.Errorf("%s: %s is not pinned", where, image)
		}
		listed[image] = true
	}
	for name, service := range loaded(t).Services {
		if service.Build == nil {
			use(service.Image, name)
		}
	}
	for _, match := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text(t, "Dockerfile"), -1) {
		use(match[1], "Dockerfile")
	}
	for image, used := range listed {
		if !used {
			t.Errorf("IMAGES.md lists %s, which nothing uses", image)
		}
	}
}

func TestDockerfileBuildsOneStaticBinary(t *testing.T) {
	dockerfile := text(t, "Dockerfile")
	ignored := text(t, "../.dockerignore")
	for _, match := range regexp.MustCompile(`(?m)^COPY ([a-z. ]+) \S+$`).FindAllStringSubmatch(dockerfile, -1) {
		for path := range strings.FieldsSeq(match[1]) {
			if _, err := os.Stat(filepath.Join("..", path)); err != nil {
				t.Errorf("COPY %s: %v", path, err)
			}
			if !strings.Contains(ignored, "\n!"+path+"\n") {
				t.Errorf(".dockerignore hides %s", path)
			}
		}
	}
	if !regexp.MustCompile(`(?m)^USER [1-9]\d*:[1-9]\d*$`).MatchString(dockerfile) {
		t.Error("the image runs as root")
	}
	build := regexp.MustCompile(`(?m)^RUN CGO_ENABLED=0 go (build .*) -o /out/tuition (\S+)$`).FindStringSubmatch(dockerfile)
	if build == nil {
		t.Fatal("the build command is not where this test looks")
	}
	binary := filepath.Join(t.TempDir(), "tuition")
	args := strings.Fields(strings.ReplaceAll(build[1], `"-s -w"`, "-w"))
	cmd := exec.Command("go", append(args, "-o", binary, build[2])...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, program := range file.Progs {
		if program.Type == elf.PT_INTERP {
			t.Error("the binary needs a dynamic linker")
		}
	}
}

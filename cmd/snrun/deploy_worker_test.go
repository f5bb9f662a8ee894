package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// elsewhereRead are variables that the driver of PostgreSQL reads, not we.
var elsewhereRead = []string{"PGPASSFILE", "PGPASSWORD"}

// TestWorkerUnit holds that systemd takes what makes a worker of the unit, and that its command and variables are snrun's.
func TestWorkerUnit(t *testing.T) {
	t.Parallel()
	text := readText(t, deploy+"worker.conf")
	var command []string
	for _, m := range settingIn.FindAllStringSubmatch(text, -1) {
		switch name, value := m[1], strings.Trim(m[2], `"`); name {
		case "ExecStart":
			command = strings.Fields(value)
		case "Environment":
			if variable, _, _ := strings.Cut(value, "="); !slices.Contains(elsewhereRead, variable) {
				checkVariable(t, value)
			}
		}
	}
	if len(command) < 2 || command[1] != "worker" {
		t.Fatalf("got the command %q", command)
	}
	if err := knows(command[1:]); err != nil {
		t.Errorf("ExecStart=%s: %v", command, err)
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		needs(t, "no systemd-analyze", err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"snrun.service": readText(t, deploy+"snrun.service"), "snrun.service.d/worker.conf": text} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		// Only a unit whose program is there is silent.
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "/usr/local/bin/snrun ", "/bin/true ")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	verify := exec.Command(analyze, "verify", "--man=no", filepath.Join(dir, "snrun.service"))
	verify.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":") // else it sees no drop-in
	if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestWorkerDeployment holds that the workers of Kubernetes are called by a command and variables that there are, and have time to drain.
func TestWorkerDeployment(t *testing.T) {
	t.Parallel()
	var d struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Spec       struct {
			Replicas int
			Template struct {
				Spec struct {
					Grace      int `yaml:"terminationGracePeriodSeconds"`
					Containers []struct {
						Args []string
						Env  []struct{ Name string }
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(readText(t, deploy+"worker.yaml")), &d); err != nil {
		t.Fatal(err)
	}
	pod := d.Spec.Template.Spec
	if d.APIVersion != "apps/v1" || d.Kind != "Deployment" || d.Spec.Replicas < 2 || pod.Grace < 50 {
		t.Errorf("got %+v, want several workers with time to drain", d)
	}
	if err := knows(pod.Containers[0].Args); err != nil {
		t.Error(err)
	}
	for _, v := range pod.Containers[0].Env {
		if !slices.Contains(elsewhereRead, v.Name) {
			checkVariable(t, v.Name)
		}
	}
}

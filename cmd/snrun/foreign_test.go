package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"snrun/steps/steptest"
)

// soapServersVariable names the folder with the SOAP servers that others wrote.
const soapServersVariable = "SNRUN_TEST_SOAP_SERVERS"

// soapFolder gives the folder with what others wrote, and skips the test where there is none.
func soapFolder(t *testing.T) string {
	t.Helper()
	return steptest.Installed(t, soapServersVariable, "no SOAP servers to call: export "+soapServersVariable+"=$(.ci/setup-soap-servers) gets them")
}

// soapServer starts a server of testdata/soap, and gives its address. It ends with the test.
func soapServer(t *testing.T, name string) string {
	t.Helper()
	folder := soapFolder(t)
	command := map[string][]string{
		"php":   {"sh", "-c", "php -S 127.0.0.1:0 testdata/soap/php/server.php & while read -r line; do :; done; kill $!"},
		"node":  {"node", "testdata/soap/node/server.mjs", folder},
		"perl":  {"perl", "testdata/soap/perl/server.pl"},
		"gsoap": {filepath.Join(folder, "gsoap")},
	}[name]
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	stdin, err := cmd.StdinPipe() // its end ends the server, also where this process dies
	if err != nil {
		t.Fatal(err)
	}
	cmd.Cancel, cmd.WaitDelay = stdin.Close, 10*time.Second
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, in // PHP says on standard error where it listens
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	t.Cleanup(func() { _ = cmd.Wait() }) // the end of the test's context has ended it
	lines := bufio.NewReader(out)
	var log strings.Builder
	for {
		line, err := lines.ReadString('\n')
		log.WriteString(line)
		if address := regexp.MustCompile(`http://127\.0\.0\.1:[1-9][0-9]*`).FindString(line); address != "" {
			go func() { _, _ = io.Copy(io.Discard, lines); _ = out.Close() }() // until the server ends; else it would wait for a reader
			return address
		}
		if err != nil {
			t.Fatalf("%s did not start: %v\n%s", name, err, log.String())
		}
	}
}

// soapProject is a project with the WSDLs of testdata/soap and two profiles: `server` is the address, `secured` signs in to it with
// WS-Security.
func soapProject(t *testing.T, address string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "wsdl"), os.DirFS("testdata/soap/wsdl")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"snrun.yaml": "version: 1\njobs: .\ndatabase: runs.db\n",
		"profiles.yaml": "version: 1\nprofiles:\n  server: {base_url: \"" + address + "\"}\n" +
			"  text: {base_url: \"" + address + "\", auth: {type: none, ws_security: {username: clerk, password: \"${secret.PASSWORD}\", password_type: text, timestamp: 5m}}}\n" +
			"  digest: {base_url: \"" + address + "\", auth: {type: none, ws_security: {username: clerk, password: \"${secret.PASSWORD}\", password_type: digest, timestamp: 5m}}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// callSOAP runs a job with one step `call`, and gives the job's output.
func callSOAP(t *testing.T, dir, step, output string, environ ...string) any {
	t.Helper()
	job := filepath.Join(dir, "job.yaml")
	text := "version: 1\nsteps:\n  - id: call\n    soap: " + strings.ReplaceAll(step, "\n", "\n      ") + "\noutput: " + output + "\n"
	if err := os.WriteFile(job, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := snrun(dir, "run", "job")
	cmd.Env = append(cmd.Env, environ...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s\nof\n%s", err, stdout.String(), stderr.String(), text)
	}
	return fromJSON(t, stdout.String())
}

// runSOAPJob runs a job, and gives all that the program writes.
func runSOAPJob(t *testing.T, dir, steps string, environ ...string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "job.yaml"), []byte("version: 1\nsteps:\n"+steps), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := snrun(dir, "run", "job")
	cmd.Env = append(cmd.Env, environ...)
	out, _ := cmd.CombinedOutput() // what went wrong is in it
	return string(out)
}

func fromJSON(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return value
}

// sameJSON compares a value with JSON.
func sameJSON(t *testing.T, what string, got any, want string) {
	t.Helper()
	if !reflect.DeepEqual(got, fromJSON(t, want)) {
		text, _ := json.Marshal(got)
		t.Errorf("%s\n%s\nwant\n%s", what, text, want)
	}
}

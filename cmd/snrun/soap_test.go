package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snrun/examples/sandbox"
)

// TestSoapFirstContact goes the way of a new user: they look at a WSDL they have never seen, take the step that is printed, fill in a
// value, and have a typed answer.
func TestSoapFirstContact(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	const profile, wsdl = "--profile=servicenow_soap", "/incident.do?WSDL"

	listed := u.must(exitOK, "soap", "operations", profile, wsdl).stdout
	for _, want := range []string{"port ServiceNowSoap, SOAP 1.1, ", "getRecords(active?: boolean, ", "insert("} {
		if !strings.Contains(listed, want) {
			t.Errorf("the list lacks %q:\n%s", want, listed)
		}
	}
	copied := u.must(exitOK, "soap", "import", profile, wsdl)
	if !strings.Contains(copied.stdout, "new      wsdl/incident.wsdl, ") {
		t.Errorf("got %s", copied.stdout)
	}
	if files, err := os.ReadDir(filepath.Join(u.dir, "wsdl")); err != nil || len(files) != 2 {
		t.Errorf("got %v, %v, want the copy and its sum", files, err)
	}
	step := u.must(exitOK, "soap", "example", profile, "wsdl/incident.wsdl", "getRecords").stdout
	u.write("taken.yaml", "version: 1\nsteps:\n"+step)
	u.must(exitOK, "validate", "taken.yaml")

	filled := strings.Replace(step, "params: {}", "params: {__encoded_query: priority=1, __limit: 2}", 1)
	u.write("filled.yaml", "version: 1\nsteps:\n"+filled+"output: ${steps.get_records.output.getRecordsResult[1].number}\n")
	if got := u.must(exitOK, "run", "filled").stdout; !strings.HasPrefix(got, `"INC`) {
		t.Errorf("got %s from\n%s", got, filled)
	}
}

// TestSoapExamples holds that the steps printed for operations of all styles are valid as they are.
func TestSoapExamples(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	pages, err := filepath.Glob("../../steps/soap/wsdl/testdata/load/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".txtar")
		if strings.HasPrefix(name, "mistake_") {
			continue
		}
		main := u.unpack(page, name)
		var services []serviceRecord
		u.decode(&services, "soap", "operations", "--json", main)
		for _, s := range services {
			for _, p := range s.Ports {
				for _, o := range p.Operations {
					tried++
					step := u.must(exitOK, "soap", "example", main, o.Name, "--service", s.Name, "--port", p.Name).stdout
					u.write("one.yaml", "version: 1\nsteps:\n"+step)
					u.must(exitOK, "validate", "one.yaml")
				}
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d operations were tried", tried)
	}
}

// TestSoapOperationsOfTwoServices holds that the command which the list proposes works also where a service more has the operation.
func TestSoapOperationsOfTwoServices(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	data, err := os.ReadFile("../../steps/soap/testdata/stock.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	main := strings.Replace(string(data), `<service name="StockService">`, `<service name="Spare"><port name="P" binding="s:StockBinding"><soap:address location="http://127.0.0.1:1/"/></port></service><service name="StockService">`, 1)
	u.write("two.wsdl", main)
	hint := u.must(exitOK, "soap", "operations", "two.wsdl").stderr
	_, proposed, found := strings.Cut(strings.TrimSpace(hint), ": snrun ")
	if !found || !strings.HasSuffix(proposed, " --service Spare") {
		t.Fatalf("got %s", hint)
	}
	u.must(exitOK, strings.Fields(proposed)...)
}

// TestSoapUnreadable holds what is said of a WSDL that a server does not give, and with which exit code.
func TestSoapUnreadable(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	self := u.server.URL
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{self + "/incident.do?WSDL"}, exitSignIn, "SELF/incident.do?WSDL: cannot be read: the server answered 401 Unauthorized: it wants another sign-in\n  name a profile that may read it with --profile"},
		{[]string{"--profile=servicenow_soap", "/elsewhere.do?WSDL"}, exitFailed, "SELF/elsewhere.do?WSDL: cannot be read: the server answered 404 Not Found\n  check the address; that of a WSDL often ends with ?wsdl"},
		{[]string{"--profile=oncall", self + "/incident.do?WSDL"}, exitSignIn, "SELF/incident.do?WSDL: cannot be read: the server answered 401 Unauthorized: it wants another sign-in\n  see what the profile can do: snrun auth test oncall"},
		{[]string{"--profile=servicenow_sopa", "/incident.do?WSDL"}, exitUsage, "there is no profile \"servicenow_sopa\"\n  did you mean \"servicenow_soap\"?"},
		{[]string{"http://user:pass@127.0.0.1/w"}, exitUsage, "an address with a name and a password in it would stay in the shell's history\n  keep them in a profile, and name it with --profile"},
		{[]string{"http://"}, exitUsage, "this is no address of a WSDL\n  write it as in https://erp.example.com/orders?wsdl"},
		{[]string{"http://127.0.0.1:1/w?token=1"}, exitTransient, "http://127.0.0.1:1/w: cannot be read: dial tcp 127.0.0.1:1: connect: connection refused\n  check the address, and that the server can be reached from here"},
	} {
		got := u.must(tt.code, append([]string{"soap", "operations"}, tt.args...)...)
		text := strings.ReplaceAll(got.stderr, self, "SELF")
		if want := "snrun: " + tt.want + "\n"; text != want || got.stdout != "" {
			t.Errorf("%v: got\n%s%s\nwant\n%s", tt.args, got.stdout, text, want)
		}
	}
}

// unpack writes the files of a page into a folder, and gives the name of the first.
func (u *user) unpack(page, folder string) (first string) {
	u.t.Helper()
	var name, text string
	put := func() {
		if name != "" && name != "want" {
			u.write(filepath.Join(folder, name), text)
		}
	}
	for line := range strings.Lines(readText(u.t, page)) {
		if next, isHead := strings.CutPrefix(strings.TrimSuffix(line, " --\n"), "-- "); isHead {
			put()
			name, text = next, ""
			if first == "" {
				first = filepath.Join(folder, name)
			}
			continue
		}
		text += line
	}
	put()
	return first
}

// TestSoapImportFails holds that an import which fails leaves everything as it was.
func TestSoapImportFails(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.unpack("../../steps/soap/wsdl/testdata/load/imports.txtar", "in")
	if err := os.Mkdir(filepath.Join(u.dir, "wsdl"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(u.dir, "away")); err != nil {
		t.Fatal(err)
	}
	got := u.must(exitFailed, "soap", "import", "in/wsdl/w.wsdl", "--to", "away")
	if !strings.Contains(got.stderr, "path escapes") {
		t.Errorf("got %s", got.stderr)
	}
	u.write("in/wsdl/types.xsd", "<broken")
	u.must(exitInvalid, "soap", "import", "in/wsdl/w.wsdl")
	left, err := os.ReadDir(filepath.Join(u.dir, "wsdl"))
	if err != nil || len(left) != 0 {
		t.Errorf("got %v, %v, want nothing", left, err)
	}
}

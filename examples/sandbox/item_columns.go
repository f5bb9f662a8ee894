package sandbox

import (
	"strconv"
	"time"
)

// itemColumn is a column of cmdb_ci: how its value is made of the item's number. All columns of an item are 1.2 KB of JSON.
type itemColumn struct {
	name string
	add  func(to []byte, n int) []byte
}

var (
	itemKinds       = [...]string{"cmdb_ci_linux_server", "cmdb_ci_win_server", "cmdb_ci_db_instance", "cmdb_ci_netgear", "cmdb_ci_vm_instance"}
	itemDepartments = [...]string{"Finance", "Logistics", "Research", "Sales", "Service Desk", "Human Resources", "Production"}
	itemMakers      = [...]string{"Northwind Systems", "Contoso Hardware", "Fabrikam", "Adatum"}
)

// itemColumns have the order in which the instance sends them: that of their names.
var itemColumns = [...]itemColumn{
	{"asset_tag", func(to []byte, n int) []byte { return addNumber(append(to, 'P'), 1_000_000+n, 7) }},
	{"attributes", fixed("patched on the second tuesday of the month")},
	{"category", fixed("Hardware")},
	{"change_control", fixed("CAB approval two working days ahead")},
	{"comments", fixed("Do not restart before the owner was asked.")},
	{"company", fixed("Example Industries")},
	{"cost_center", func(to []byte, n int) []byte { return addNumber(append(to, "CC-"...), n%97, 4) }},
	{"cpu_count", func(to []byte, n int) []byte { return strconv.AppendInt(to, int64(1)<<(n%7), 10) }},
	{"department", oneOf(itemDepartments[:], 3)},
	{"discovery_source", fixed("ServiceWatch")},
	{"disk_space", func(to []byte, n int) []byte { return strconv.AppendInt(to, int64(40+n%61*20), 10) }},
	{"dns_domain", fixed("dc1.corp.example.com")},
	{"first_discovered", timeFrom(0, 97)},
	{"fqdn", func(to []byte, n int) []byte {
		return append(addNumber(append(to, "ci-"...), n, 8), ".dc1.corp.example.com"...)
	}},
	{"install_status", fixed("1")},
	{"ip_address", addAddress},
	{"last_discovered", timeFrom(180*24*time.Hour, 13)},
	{"location", func(to []byte, n int) []byte {
		return append(append(to, places[n%len(places)].country...), " office"...)
	}},
	{"mac_address", func(to []byte, n int) []byte { return addHex(append(to, "02:00:5e:"...), scatter(n), 6) }},
	{"manufacturer", oneOf(itemMakers[:], 5)},
	{"model_number", func(to []byte, n int) []byte { return addNumber(append(to, "R"...), n%19*10, 3) }},
	{"monitor", fixed("true")},
	{"name", func(to []byte, n int) []byte { return addNumber(append(to, "ci-"...), n, 8) }},
	{"operational_status", func(to []byte, n int) []byte { return strconv.AppendInt(to, int64(1+n%6), 10) }},
	{"os", fixed("Linux Red Hat")},
	{"os_version", func(to []byte, n int) []byte { return strconv.AppendInt(append(to, "9."...), int64(n%7), 10) }},
	{"ram", func(to []byte, n int) []byte { return strconv.AppendInt(to, int64(1024)<<(n%9), 10) }},
	{"serial_number", func(to []byte, n int) []byte { return addHex(append(to, "SN"...), scatter(n), 12) }},
	{"short_description", fixed("Server of the order platform in the second data centre")},
	{"support_group", fixed("Server Operations Europe")},
	{"sys_class_name", oneOf(itemKinds[:], 1)},
	{"sys_created_by", fixed("discovery")},
	{"sys_created_on", timeFrom(0, 97)},
	{"sys_id", addItemID},
	{"sys_mod_count", func(to []byte, n int) []byte { return strconv.AppendInt(to, int64(n%41), 10) }},
	{"sys_updated_by", fixed("discovery")},
	{"sys_updated_on", timeFrom(180*24*time.Hour, 13)},
	{"virtual", fixed("false")},
	{"warranty_expiration", timeFrom(3*365*24*time.Hour, 97)},
}

func fixed(text string) func([]byte, int) []byte {
	return func(to []byte, _ int) []byte { return append(to, text...) }
}

func oneOf(list []string, salt int) func([]byte, int) []byte {
	return func(to []byte, n int) []byte { return append(to, list[(n*salt+n/len(list))%len(list)]...) }
}

// timeFrom gives times of a day and some seconds apart from item to item, over and over.
func timeFrom(after time.Duration, step int) func([]byte, int) []byte {
	first := firstUpdate.Add(after)
	return func(to []byte, n int) []byte {
		return first.Add(time.Duration(n*step%(90*24*3600))*time.Second).AppendFormat(to, timeLayout)
	}
}

func addAddress(to []byte, n int) []byte {
	to = append(to, "10"...)
	for _, part := range []int{n >> 16, n >> 8, n} {
		to = strconv.AppendInt(append(to, '.'), int64(part&255), 10)
	}
	return to
}

package steptest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// idDigits is the length of an id. Ids of one length can be written into records that are there already.
const idDigits = 9

// records is the text of a page's records, in which only the numbers are still to be written: that costs next to nothing,
// however long the records are.
type records struct {
	data   []byte
	stride int    // from one record to the next
	places [2]int // where in a record its number stands
	count  int
}

// text gives the text of at least so many records.
func (l *List) text(count int) *records {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.free) - 1; last >= 0 && l.free[last].count >= count {
		kept := l.free[last]
		l.free = l.free[:last]
		return kept
	}
	zeros := strings.Repeat("0", idDigits)
	one := `{"id":"` + zeros + `","name":"record ` + zeros + `","note":"`
	one += strings.Repeat("x", max(l.Width-len(one)-2, 0)) + `"},`
	first := strings.Index(one, zeros)
	return &records{
		data:   []byte(strings.Repeat(one, count)),
		stride: len(one),
		places: [2]int{first, first + idDigits + strings.Index(one[first+idDigits:], zeros)},
		count:  count,
	}
}

func (l *List) giveBack(text *records) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, text)
}

// number writes the number of the record at i.
func (t *records) number(i, number int) {
	for _, place := range t.places {
		left := number
		for at := i*t.stride + place + idDigits - 1; at >= i*t.stride+place; at-- {
			t.data[at] = '0' + byte(left%10)
			left /= 10
		}
	}
}

// write sends a page.
func (l *List) write(w io.Writer, p listPage) {
	n := max(min(p.limit, l.Count-p.from), 0)
	if l.Lost[p.number] {
		n = 0
	}
	_, _ = io.WriteString(w, `{"result":[`)
	if n > 0 {
		text := l.text(p.limit)
		for i := range n {
			text.number(i, p.from+i)
		}
		_, _ = w.Write(text.data[:n*text.stride-1])
		l.giveBack(text)
	}
	next, address := "null", "null"
	if from, there := l.next(p); there {
		next, address = strconv.Quote(strconv.Itoa(from)), strconv.Quote(nextAddress(p.style, from))
	}
	fmt.Fprintf(w, `],"next":%s,"next_url":%s,"total":%s}`, next, address, l.total(p.number))
}

// nextAddress leads to a page, relative to this one.
func nextAddress(style string, from int) string { return style + "?cursor=" + strconv.Itoa(from) }

func (l *List) total(page int) string {
	total := l.Count
	if len(l.Totals) > 0 {
		total = l.Totals[min(page, len(l.Totals))-1]
	}
	if total < 0 {
		return "null"
	}
	return strconv.Itoa(total)
}

// parameters gives what a request says under a name: in its query, its headers, or its JSON or form body.
func parameters(r *http.Request) (func(name string) string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, fields := url.Values{}, map[string]any{}
	switch {
	case len(body) == 0:
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		d := json.NewDecoder(strings.NewReader(string(body)))
		d.UseNumber()
		err = d.Decode(&fields)
	default:
		form, err = url.ParseQuery(string(body))
	}
	query := r.URL.Query()
	return func(name string) string {
		for _, given := range []string{query.Get(name), r.Header.Get(name), form.Get(name)} {
			if given != "" {
				return given
			}
		}
		if value, there := fields[name]; there {
			return fmt.Sprint(value)
		}
		return ""
	}, err
}

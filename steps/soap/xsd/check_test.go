package xsd

import (
	"strings"
	"testing"

	"snrun/steps/xml"
)

// TestCheckBuiltins holds each built-in type against texts that are its values and texts that are not.
func TestCheckBuiltins(t *testing.T) {
	t.Parallel()
	tests := []struct{ builtin, fit, not string }{
		{"anySimpleType", "x| |", ""},
		{"string", "|a b|\t x \n", ""},
		{"normalizedString", "a\tb", ""},
		{"boolean", "true|false|1|0| true ", "TRUE|yes||2|t"},
		{"decimal", "0|-1|+1.50|.5|5.|00012345678901234567890.98765432109876543210| 1 ", "|.|1e3|1,5|--1|INF|0x1|1.2.3|+"},
		{"float", "1|-1.5E-3|.5e+3|INF|-INF|NaN|1e999", "|+INF|inf|1e|e1|0x1p3|1_0|1E1.5|Infinity"},
		{"double", "1|12.78e-2|NaN", "nan|1d"},
		{"duration", "P1Y|P1Y2M3DT4H5M6.7S|-P1D|PT0S|PT1M|P0D", "|P|PT|P1|1Y|P1YT|P1M1Y|PT1D|P1S|P-1D|P1.5D|PT1.S|+P1D|P1D1D"},
		{"dateTime", "2026-01-31T12:30:00|2026-01-31T12:30:00Z|2024-02-29T00:00:00.123+14:00|-0044-03-15T00:00:00|12026-01-01T00:00:00|2026-01-31T24:00:00|2000-02-29T00:00:00-05:30",
			"|2026-01-31|2026-02-29T00:00:00|1900-02-29T00:00:00|2026-13-01T00:00:00|2026-01-00T00:00:00|2026-04-31T00:00:00|0000-01-01T00:00:00|26-01-01T00:00:00|02026-01-01T00:00:00|" +
				"2026-01-31T24:00:01|2026-01-31T25:00:00|2026-01-31T12:60:00|2026-01-31T12:00:60|2026-01-31T12:00:00.|2026-01-31T12:00:00+14:01|2026-01-31T12:00:00+1:00|2026-01-31T12:00|2026-01-31t12:00:00|2026-01-31 12:00:00|2026-01-31T12:00:00z|2026-01-31T12:00:00Z+|+2026-01-31T12:00:00"},
		{"date", "2026-01-31|2026-01-31Z|2026-01-31-08:00|-0001-02-29|-0005-02-29", "-0004-02-29|2026-1-31|31.01.2026|20260131|2026-01-31T00:00:00|2026-01-32"},
		{"time", "00:00:00|24:00:00|23:59:59.999Z", "24:00:00.1|1:00:00|12:00|12:00:00PM"},
		{"gYearMonth", "2026-01|2026-12Z", "2026-13|2026|2026-1"},
		{"gYear", "2026|-0001|2026+01:00", "26|0000|2026-01"},
		{"gMonthDay", "--02-29|--12-31Z", "--02-30|02-28|--13-01|-02-28"},
		{"gMonth", "--12|--01Z", "12|--13|--1"},
		{"gDay", "---31|---01Z", "31|---32|--31"},
		{"hexBinary", "|0aF9", "0|0g|0x00"},
		{"base64Binary", "|YQ==|YWI=|YWJj| Y W J j \n YWJj", "Y|YQ=|YQ===|=|Y=Q=|YWJj!|YWJ-|YW=J"},
		{"anyURI", "|http://example.com/a?b#c|../x y", ""},
		{"language", "en|en-US|x-klingon|zh-Hant-TW", "|e1|english-toolongword|en_US|-en|en-"},
		{"NMTOKEN", "a|1.2|-x:y|é", "|a b|a/b"},
		{"Name", "a:b|_x|é1", "1a|-a||a b"},
		{"NCName", "a|_x.1-y", "a:b|1"},
		{"ID", "a1", "1a"},
		{"QName", "a|p:a|{urn:t}a", "|:a|p:|a:b:c|{urn:t}|1|{urn:t}p:a"},
		{"IDREFS", "a|a b\n c", "|a 1"},
		{"NMTOKENS", "1 2 -", " "},
		{"integer", "0|-0|+7|0099999999999999999999999999999", "1.0||1.|1e2|a"},
		{"nonPositiveInteger", "0|-1|-0", "1"},
		{"negativeInteger", "-1", "0|1"},
		{"long", "9223372036854775807|-9223372036854775808", "9223372036854775808|-9223372036854775809"},
		{"int", "2147483647|-2147483648|+002147483647", "2147483648|-2147483649"},
		{"short", "32767|-32768", "32768|-32769"},
		{"byte", "127|-128", "128|-129"},
		{"nonNegativeInteger", "0|-0|1", "-1"},
		{"unsignedLong", "18446744073709551615", "18446744073709551616|-1"},
		{"unsignedInt", "4294967295", "4294967296"},
		{"unsignedShort", "65535", "65536"},
		{"unsignedByte", "255", "256"},
		{"positiveInteger", "1", "0"},
	}
	types := builtins()
	for _, test := range tests {
		t.Run(test.builtin, func(t *testing.T) {
			t.Parallel()
			simple := types[BuiltinName(test.builtin)].Simple
			for text := range strings.SplitSeq(test.fit, "|") {
				if wrong := simple.Check(text); wrong != nil {
					t.Errorf("%q is refused: %s", text, wrong.Message)
				}
			}
			if test.not == "" {
				return
			}
			for text := range strings.SplitSeq(test.not, "|") {
				if simple.Check(text) == nil {
					t.Errorf("%q is let pass", text)
				}
			}
		})
	}
}

// TestCheckSays holds what is said of a text that does not fit.
func TestCheckSays(t *testing.T) {
	t.Parallel()
	restricted := func(base, facets string) string {
		return `<xs:simpleType name="S"><xs:restriction base="xs:` + base + `">` + facets + `</xs:restriction></xs:simpleType>`
	}
	colors := restricted("token", `<xs:enumeration value="red"/><xs:enumeration value="green"/>`)
	tests := []struct{ name, schema, text, want string }{
		{"a built-in type", restricted("date", ""), "tomorrow", `"tomorrow" is not a date such as 2026-01-31`},
		{"a range", restricted("int", ""), "3000000000", `"3000000000" is more than the greatest value, 2147483647`},
		{"an enumeration", colors, "gren", `"gren" is none of the 2 values that are allowed = did you mean "green"?`},
		{"an enumeration of one", restricted("int", `<xs:enumeration value="1"/>`), "2", `"2" is not the only value that is allowed = it can only be 1`},
		{"a value that is written otherwise", restricted("decimal", `<xs:enumeration value="1.50"/>`), "+01.5", ``},
		{"a time in another zone", restricted("dateTime", `<xs:enumeration value="2026-01-01T00:00:00Z"/>`), "2026-01-01T02:00:00+02:00", ``},
		{"white space", colors, "\n red ", ``},
		{"a pattern", restricted("string", `<xs:pattern value="[A-Z]{3}"/><xs:pattern value="\d+"/>`), "EURO", `"EURO" does not match the pattern [A-Z]{3}|\d+`},
		{"one of two patterns", restricted("string", `<xs:pattern value="[A-Z]{3}"/><xs:pattern value="\d+"/>`), "12", ``},
		{"a length", restricted("string", `<xs:length value="3"/>`), "äöüß", `"äöüß" has 4 characters, not 3`},
		{"a least length", restricted("hexBinary", `<xs:minLength value="2"/>`), "00", `"00" has 1 octet, fewer than 2`},
		{"a greatest length", restricted("base64Binary", `<xs:maxLength value="3"/>`), "YWJjZA==", `"YWJjZA==" has 4 octets, more than 3`},
		{"a list's length", restricted("NMTOKENS", `<xs:maxLength value="2"/>`), "a b c", `"a b c" has 3 items, more than 2`},
		{"an item of a list", `<xs:simpleType name="S"><xs:list itemType="xs:int"/></xs:simpleType>`, "1 x", `"x" is not a whole number`},
		{"a union", `<xs:simpleType name="S"><xs:union memberTypes="xs:int xs:date"/></xs:simpleType>`, "x", `"x" fits none of int, date`},
		{"a union's second", `<xs:simpleType name="S"><xs:union memberTypes="xs:int xs:date"/></xs:simpleType>`, "2026-01-01", ``},
		{"bounds", restricted("decimal", `<xs:minInclusive value="0.1"/><xs:maxExclusive value="1"/>`), "0.0999999999999999999999", `"0.0999999999999999999999" is less than the least value, 0.1`},
		{"a bound itself", restricted("decimal", `<xs:minInclusive value="0.1"/><xs:maxExclusive value="1"/>`), "1.000", `"1.000" is not less than 1`},
		{"a bound below", restricted("double", `<xs:minExclusive value="-INF"/>`), "-INF", `"-INF" is not more than -INF`},
		{"a date's bound", restricted("date", `<xs:maxInclusive value="2026-12-31"/>`), "2027-01-01", `"2027-01-01" is more than the greatest value, 2026-12-31`},
		{"a duration's bound", restricted("duration", `<xs:maxInclusive value="P1M"/>`), "P32D", `"P32D" is more than the greatest value, P1M`},
		{"a duration that cannot be told", restricted("duration", `<xs:maxInclusive value="P1M"/>`), "P30D", ``},
		{"digits", restricted("decimal", `<xs:totalDigits value="4"/><xs:fractionDigits value="2"/>`), "0123.456", `"0123.456" has more than 2 digits behind the point`},
		{"digits in all", restricted("decimal", `<xs:totalDigits value="1"/>`), "-1.5", `"-1.5" has more than 1 digit`},
		{"digits that count", restricted("decimal", `<xs:totalDigits value="4"/><xs:fractionDigits value="2"/>`), "0012.3400", ``},
		{"a name in an enumeration", restricted("QName", `<xs:enumeration value="t:a"/>`), "{urn:t}a", ``},
		{"another name", restricted("QName", `<xs:enumeration value="t:a"/>`), "{urn:u}a", `"{urn:u}a" is not the only value that is allowed = did you mean "{urn:t}a"?`},
		{"a long text", restricted("int", ""), strings.Repeat("x", 100), `"` + strings.Repeat("x", 60) + `…" is not a whole number`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := load(t, folder{"main.xsd": schemaOf(test.schema)})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if wrong := s.Types[xml.Name{Space: "urn:t", Local: "S"}].Simple.Check(test.text); wrong != nil {
				got = wrong.Message
				if wrong.Hint != "" {
					got += " = " + wrong.Hint
				}
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestCompareValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		builtin, a, b string
		want          int
		ok            bool
	}{
		{"decimal", "-0", "0.0", 0, true},
		{"decimal", "-1", "-2", 1, true},
		{"decimal", "9", "10", -1, true},
		{"decimal", "1.25", "1.3", -1, true},
		{"decimal", "-1.25", "1.3", -1, true},
		{"integer", "+7", "-008", 1, true},
		{"integer", "999999999999999999", "1000000000000000000", -1, true},
		{"decimal", "x", "1", 0, false},
		{"float", "1.1", "1.10000000001", 0, true}, // the same 32 bits
		{"double", "1.1", "1.10000000001", -1, true},
		{"double", "NaN", "1", 0, false},
		{"double", "1e999", "INF", 0, true},
		{"dateTime", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", 0, true},
		{"dateTime", "2026-01-01T00:00:00.5", "2026-01-01T00:00:00.45", 1, true},
		{"dateTime", "2026-01-01T24:00:00", "2026-01-02T00:00:00", 0, true},
		{"dateTime", "2026-01-01T00:00:00Z", "2026-01-01T10:00:00", -1, false},
		{"dateTime", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00", -1, true},
		{"date", "-0001-12-31", "0001-01-01", -1, true},
		{"gMonthDay", "--02-29", "--03-01", -1, true},
		{"time", "12:00:00Z", "12:00:00-01:00", -1, true},
		{"duration", "P1Y", "P12M", 0, true},
		{"duration", "P1M", "P30D", 0, false},
		{"duration", "-P1M", "-P32D", 1, true},
		{"duration", "-P1D", "P0D", -1, true},
		{"duration", "-P0D", "PT0S", 0, true},
		{"duration", "PT36H", "P1DT12H", 0, true},
		{"duration", "P99999999999999999999Y", "P1D", 1, true},
		{"string", "a", "b", 0, false},
	}
	for _, test := range tests {
		got, ok := compareValues(test.builtin, test.a, test.b)
		if ok != test.ok || ok && got != test.want {
			t.Errorf("%s %s, %s: got %d, %v, want %d, %v", test.builtin, test.a, test.b, got, ok, test.want, test.ok)
		}
		if back, ok := compareValues(test.builtin, test.b, test.a); ok != test.ok || ok && back != -test.want {
			t.Errorf("%s %s, %s the other way round: got %d, %v, want %d, %v", test.builtin, test.b, test.a, back, ok, -test.want, test.ok)
		}
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	tests := []struct{ pattern, fit, not string }{
		{`[A-Z]{2}\d{3,5}`, "AB123|AB12345", "ab123|AB12|xAB123|AB123456"},
		{`a|b`, "a|b", "ab|"},
		{`(ab)*`, "|abab", "aba"},
		{`.`, "x|é", "xy|\n"},
		{`\.\-\\\*`, `.-\*`, `x-\*`},
		{`a\/b\@c`, `a/b@c`, `a\/b`},
		{`[a-z-[aeiou]]+`, "xyz", "xay"},
		{`[\w-[\d_]]`, "a|é", "1"},
		{`[^a-c-[x]]`, "d", "a|x"},
		{`[a-z-[c-x-[m]]]+`, "abmyz", "c|x|l"},
		{`[a-]+`, "a-", "b"},
		{`[-a]+`, "a-", "b"},
		{`[\w-.]+`, "a-.", "a b"},
		{`[\d\s]+`, "1 2", "x"},
		{`[\s-x]+`, " -x", "A"},
		{`[\[\]^&&[:alpha]+`, "", ""},
		{`[\[\]^]+`, "[]^", "a"},
		{`\i\c*`, "a-1|_:x", "1a|-"},
		{`[\i-[:]][\c-[:]]*`, "abc", "a:b"},
		{`\I\C\D\W\S`, "1 -- x"[:1] + "/x.x", "aaaaa"},
		{`\p{L}+`, "aé", "1"},
		{`\P{Lu}`, "a", "A"},
		{`[\p{Lu}\p{Nd}]+`, "A1", "a"},
		{`\p{IsBasicLatin}*`, "abc", "é"},
		{`\p{IsGreek}`, "α", "a"},
		{`\P{IsGreek}`, "a", "α"},
		{`^\d+$`, "12|^12$", "x12"},
		{`a^b$c`, "a^b$c", "abc"},
		{`\^x\$`, "^x$", "x"},
		{`a{2}b{1,}`, "aab|aabb", "ab"},
		{`(?i)a`, "", ""},     // no pattern of XML Schema
		{`a{,3}`, "", ""},     // neither
		{`a{1,5000}`, "", ""}, // more than Go repeats
		{`\p{IsKlingon}`, "", ""},
		{`[z-a]`, "", ""},
		{`(a`, "", ""},
		{`a)`, "", ""},
		{`[a`, "", ""},
		{`a]`, "", ""},
		{`a\`, "", ""},
		{`\x41`, "", ""},
	}
	for _, test := range tests {
		t.Run(test.pattern, func(t *testing.T) {
			t.Parallel()
			p := (&patternCache{}).compile(test.pattern)
			if test.fit+test.not == "" {
				if p.Regexp != nil {
					t.Errorf("it is checked, as %s", p.Regexp)
				}
				return
			}
			if p.Regexp == nil {
				t.Fatal("it is not checked")
			}
			for text := range strings.SplitSeq(test.fit, "|") {
				if !p.fits(text) {
					t.Errorf("%q is refused by %s", text, p.Regexp)
				}
			}
			for text := range strings.SplitSeq(test.not, "|") {
				if p.fits(text) {
					t.Errorf("%q is let pass by %s", text, p.Regexp)
				}
			}
		})
	}
}

// TestPatternsCost holds that patterns cannot take much memory or time: what is too large is not checked.
func TestPatternsCost(t *testing.T) {
	t.Parallel()
	cache := &patternCache{}
	if p := cache.compile(`(a{1,100}){1,500}`); p.Regexp != nil {
		t.Error("a pattern of 50,000 states is compiled")
	}
	compiled := 0
	for i := range 2000 {
		if cache.compile(`a{900}`+strings.Repeat("b", i)).Regexp != nil {
			compiled++
		}
	}
	if compiled < 100 || compiled > 1200 {
		t.Errorf("of 2000 patterns of 900 states and more %d are compiled", compiled)
	}
	if p := cache.compile("[0-9]+"); !p.fits(strings.Repeat("x", maxMatched+1)) {
		t.Error("a very long text is held against a pattern")
	}
}

package rest

import (
	"snrun/steps"
	"snrun/steps/exchange"
)

// defaultMaxPages is how many pages a walk may have. Its field says the same in YAML; a test holds the two together.
const defaultMaxPages = 100_000

// manner is what holds where a step says nothing.
func manner(in steps.Input) exchange.Manner {
	m := exchange.Manner{Redirects: 5, MaxBody: 10 << 20, Total: exchange.DefaultTotal,
		TooLarge: "raise max_body, ask for less at once, or stream it to a file with save_to"}
	if in.Has("save_to") {
		m.Total = 0
	}
	return m
}

// bodies are the names of the fields that give a request its body, of which one at most may be there.
var bodies = [...]string{"json", "form", "multipart", "xml", "body", "body_file"}

func fields() []steps.Field {
	all := targetFields()
	all = append(all, bodyFields()...)
	all = append(all, answerFields()...)
	all = append(all, sendingFields()...)
	return append(all, exchange.SettingFields()...)
}

func targetFields() []steps.Field {
	text := steps.Of(steps.Text)
	return []steps.Field{
		exchange.ProfileField(),
		{Name: "method", Type: steps.OneOf("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), Default: "GET",
			Doc: "The method of the request."},
		exchange.URLField(),
		exchange.PathField(),
		{Name: "query", Type: steps.MapOf(steps.EitherOf(text, steps.ListOf(text))), Example: "{active: true, tag: [a, b]}",
			Doc: "Query parameters, sent in the order written and escaped. A list repeats the name, null leaves it out."},
		exchange.HeadersField("headers"),
	}
}

func bodyFields() []steps.Field {
	text := steps.Of(steps.Text)
	part := steps.ObjectOf(
		steps.Field{Name: "file", Type: text, Group: "content", Required: true, Example: "out/report.pdf",
			Doc: "The file to send, relative to the project's folder."},
		steps.Field{Name: "value", Type: text, Group: "content", Doc: "The text to send."},
		steps.Field{Name: "filename", Type: text, Doc: "The file name to tell the server; the file's own by default."},
		steps.Field{Name: "content_type", Type: text, Example: "application/pdf",
			Doc: "The type of this part; `application/octet-stream` for a file by default, none for text."},
	)
	return []steps.Field{
		{Name: "json", Type: steps.Of(steps.Tree), Group: "body", Example: `{title: "${incident.number}", tags: [a]}`,
			Doc: "A body of any data, sent as JSON with keys in the order written."},
		{Name: "form", Type: steps.MapOf(steps.EitherOf(text, steps.ListOf(text))), Group: "body", Example: "{name: Ann, tag: [a, b]}",
			Doc: "A body of form fields, sent as `application/x-www-form-urlencoded` in the order written."},
		{Name: "multipart", Type: steps.MapOf(steps.EitherOf(text, part, steps.ListOf(steps.EitherOf(text, part)))), Group: "body",
			Example: "{table_name: incident, uploadFile: {file: out/report.pdf, content_type: application/pdf}}",
			Doc:     "A body of parts, sent as `multipart/form-data` in the order written. A part is text, or a mapping with a `file` from disk or a `value`; a list repeats the name. Files are streamed."},
		{Name: "xml", Type: steps.Of(steps.Tree), Group: "body", Example: "{order: {_id: 7, item: [{sku: a}, {sku: b}]}}",
			Doc: "An XML body: a text is sent as it stands, a mapping with one key is written as an element."},
		{Name: "body", Type: text, Group: "body", Doc: "A body of text, sent as `text/plain; charset=utf-8` unless `headers` has a Content-Type."},
		{Name: "body_file", Type: text, Group: "body", Example: "out/export.csv",
			Doc: "A file, relative to the project's folder, streamed as the body: as `application/octet-stream` unless `headers` has a Content-Type."},
	}
}

func answerFields() []steps.Field {
	return []steps.Field{
		{Name: "accept", Type: steps.OneOf("auto", "json", "xml", "text", "bytes"), Default: "auto",
			Doc: "What the body of the answer must be. `auto` goes by its Content-Type: JSON becomes values with exact numbers, XML values, other text a string; HTML and binary data are errors. `bytes` takes anything and gives base64 text. An empty body is null."},
		{Name: "save_to", Type: steps.Of(steps.Text), Example: "out/report.pdf",
			Doc: "Streams the body to this file, relative to the project's folder, written whole or not at all. The output is `{path, size, sha256}`. Folders are made. A name that a server gives goes behind a folder, as in `out/${item.name}`: by itself it could be any path of this machine. `max_body` limits it only when written, and `response.body` is null."},
		exchange.ExpectField("a status of 2xx"),
		exchange.SizeField("How large a body may be once it is decompressed; a larger one is an error of kind `content`. 10MB by default, no limit with `save_to`. Of a page that a `foreach` reads item by item, each item may be as large as the default; the whole page is bounded by a `max_body` that is written, else at 1GB where it came compressed."),
		{Name: "paginate", Type: steps.ObjectOf(paginateFields()...), Doc: "Walks over all pages of a list and gives their items.",
			Example: `{type: link}`},
	}
}

func sendingFields() []steps.Field {
	return []steps.Field{
		exchange.KeyField("Makes a POST or PATCH safe to repeat."),
		exchange.AuthField(),
		exchange.TimeoutField("5m by default, no limit with `save_to`"),
		exchange.RedirectsField(manner(nil), "How many redirects are followed; 0 gives the 3xx back as the answer. To another origin only GET and HEAD follow, without the step's headers and without sign-in; never from https to http."),
	}
}

func paginateFields() []steps.Field {
	place := "`query.NAME`, `header.NAME`, or `body.PATH` of a `json` or `form` body"
	late := func(name, def, example, doc string) steps.Field {
		return steps.Field{Name: name, Type: steps.Of(steps.Any), Late: true, Default: def, Example: example, Doc: doc}
	}
	at := func(name, example, doc string) steps.Field {
		return steps.Field{Name: name, Type: steps.Of(steps.Text), Static: true, Example: example, Doc: doc + ": " + place + "."}
	}
	return []steps.Field{
		{Name: "type", Type: steps.OneOf(pagerNames()...), Static: true, Required: true, Doc: pagerDoc()},
		late("items", "${response.body}", "${response.body.result}", "The items of a page: a list. A key that holds null counts as an empty list, a missing one is an error."),
		late("next", "", "${response.body.meta.cursor}", "The cursor, or the address, of the next page; null or an empty text after the last. An address at another origin is refused."),
		at("inject", "query.cursor", "Where the cursor, or the value of the last item, goes"),
		at("offset", "query.sysparm_offset", "Where the number of items to skip goes"),
		at("page", "query.page", "Where the number of the page goes"),
		{Name: "start", Type: steps.Of(steps.Int), Example: "0", Doc: "The number of the first page, 1 by default."},
		at("limit", "query.sysparm_limit", "Where the size of a page goes"),
		{Name: "size", Type: steps.Of(steps.Int), Example: "500", Doc: "How many items a page has, all but the last. A shorter one ends the walk unless a `total` is known; where there is no `size`, an empty one does."},
		late("total", "", `${int(response.headers["x-total-count"])}`, "How many items there are in all. With it a short page does not end the walk, and an empty page before the end is an error."),
		{Name: "by", Type: steps.Of(steps.Text), Static: true, Example: "sys_id", Doc: "The field of an item that the server orders by, such as `sys_id` or `meta.id`: each item must have it, and no two the same."},
		{Name: "max_pages", Type: steps.Of(steps.Int), Default: "100000", Doc: "How many pages a walk may have; one more is an error of kind `limit`."},
		{Name: "stop_when", Type: steps.Of(steps.Condition), Example: "response.body.done", Doc: "Ends the walk after the page for which it is true."},
		late("expect_total", "", `${int(response.headers["x-total-count"])}`, "How many items the whole walk must have given, asked of the last page; fewer or more is an error of kind `expect`."),
	}
}

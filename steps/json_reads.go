package steps

// DecodeReads reads one JSON text as DecodeJSON does, but makes values only of what is read of it; r nil reads all. All of
// the text is checked: the errors are those of DecodeJSON. A map of which a field is read that it does not have is there
// as a whole, so that a message about the missing field can name what there is.
func DecodeReads(data []byte, r Reads) (any, error) { return NewDecoder(r).Decode(data) }

// Decoder decodes texts of which the same is read. It may be used by many goroutines at once.
type Decoder struct{ of *projection }

// NewDecoder makes a decoder of what r reads.
func NewDecoder(r Reads) *Decoder { return &Decoder{projectionOf(r)} }

// Decode reads one text as DecodeReads does.
func (p *Decoder) Decode(data []byte) (any, error) {
	if p.of == nil {
		return DecodeJSON(data)
	}
	d := jsonDecoder{data: data, lean: true}
	return d.whole(func() (any, error) { return d.read(p.of) })
}

// projection is a Reads made ready for use. Nil reads all.
type projection struct {
	fields  []projected
	lengths uint64 // bit n is set when a name is n bytes long, modulo 64
}

// projected is a field that is read, and what is read below it.
type projected struct {
	name  string
	below *projection
}

func projectionOf(r Reads) *projection {
	if r == nil {
		return nil
	}
	p := &projection{fields: make([]projected, 0, len(r))}
	for name, below := range r {
		p.fields = append(p.fields, projected{name, projectionOf(below)})
		p.lengths |= 1 << (len(name) % 64)
	}
	return p
}

// find gives the field with a name as it stands in a text, nil when it is not read.
func (p *projection) find(raw []byte, plain bool) *projected {
	if !plain {
		raw = []byte(unescape(raw))
	}
	if p.lengths&(1<<(len(raw)%64)) == 0 {
		return nil
	}
	for i := range p.fields {
		if p.fields[i].name == string(raw) {
			return &p.fields[i]
		}
	}
	return nil
}

// read reads a value as far as p reads it.
func (d *jsonDecoder) read(p *projection) (any, error) {
	if p == nil {
		return d.value()
	}
	switch c := d.space(); {
	case c == '{':
		return d.readFields(p)
	case c == '[' && len(p.fields) == 0:
		return []any{}, d.skip()
	}
	return d.value()
}

// readFields reads the fields of a map that are read, and the whole map where one of them is missing.
func (d *jsonDecoder) readFields(p *projection) (any, error) {
	start := d.pos
	if d.depth++; d.depth > maxJSONDepth {
		d.depth--
		return d.value() // fails, and says so
	}
	out := make(map[string]any, len(p.fields))
	d.pos++
	for more := d.space() != '}'; more; {
		raw, plain, err := d.rawKey()
		if err != nil {
			return nil, err
		}
		if f := p.find(raw, plain); f != nil {
			out[f.name], err = d.read(f.below)
		} else {
			err = d.skip()
		}
		if err != nil {
			return nil, err
		}
		if more, err = d.more('}'); err != nil {
			return nil, err
		}
	}
	d.pos++
	d.depth--
	if len(out) < len(p.fields) {
		d.pos, d.lean = start, false
		return d.value()
	}
	return out, nil
}

// skip goes past a value.
func (d *jsonDecoder) skip() error {
	d.space()
	if end := skipValue(d.data, d.pos, d.depth); end >= 0 {
		d.pos = end
		return nil
	}
	_, err := d.value() // says what is wrong
	return err
}

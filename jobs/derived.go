package jobs

// Derived gives the texts that the template computes from secrets, so that they can be masked like the secrets themselves.
func (t *Template) Derived(names map[string]any) ([]string, error) {
	if !t.uses.Secret {
		return nil, nil
	}
	return derivedFrom(t.part, names)
}

// derivedFrom evaluates those expressions of a template that read a secret.
func derivedFrom(p part, names map[string]any) ([]string, error) {
	switch p := p.(type) {
	case exprPart:
		return p.Expr.derived(names)
	case textPart:
		return gather(p.pieces, func(piece textPiece) ([]string, error) { return piece.expr.derived(names) })
	case listPart:
		return gather(p, func(item part) ([]string, error) { return derivedFrom(item, names) })
	case mapPart:
		return gather(p, func(e mapEntry) ([]string, error) { return derivedFrom(e.value, names) })
	}
	return nil, nil
}

func gather[T any](list []T, texts func(T) ([]string, error)) ([]string, error) {
	var all []string
	for _, item := range list {
		some, err := texts(item)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (e *Expr) derived(names map[string]any) ([]string, error) {
	if e == nil || !e.uses.Secret {
		return nil, nil
	}
	v, err := e.Eval(names)
	if err != nil {
		return nil, err
	}
	return textsIn(v), nil
}

// textsIn gives the texts in a value.
func textsIn(v any) []string {
	var all []string
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			all = append(all, textsIn(item)...)
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			all = append(all, textsIn(v[key])...)
		}
	case nil, bool:
	default:
		if text, err := TextOf(v); err == nil {
			all = append(all, text)
		}
	}
	return all
}

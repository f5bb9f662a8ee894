package soap_test

import (
	"errors"
	"reflect"
	"strconv"
	"sync"
	"testing"

	"snrun/steps"
	"snrun/steps/soap"
	"snrun/steps/steptest"
)

// TestUnreadAnswer holds that an answer is decoded where something of it is read, and else only where it is told.
func TestUnreadAnswer(t *testing.T) {
	t.Parallel()
	body := `<o:PlaceOrderResponse xmlns:o="` + ordersSpace + `"><o:number>7</o:number><o:more/></o:PlaceOrderResponse>`
	decoded := map[string]any{"number": 7, "line": []any{}, "more": ""}
	anyBody := steptest.Func("response.body.number == 7", func(r map[string]any) (any, error) {
		body, _ := r["body"].(map[string]any)
		return body["number"] == 7, nil
	}, "body")
	anyWarning := steptest.Func("len(response.warnings) == 1", func(r map[string]any) (any, error) {
		list, _ := r["warnings"].([]any)
		return len(list) == 1, nil
	}, "warnings")
	status := steps.Reads{"status": nil}
	for name, c := range map[string]struct {
		reads  steps.Reads
		fields steps.Input
		want   any
	}{
		"everything":                        {nil, nil, decoded},
		"a field":                           {steps.Reads{"output": {"number": nil}}, nil, decoded},
		"the warnings":                      {steps.Reads{"warnings": nil}, nil, decoded},
		"the status":                        {status, nil, nil},
		"the status, in a condition too":    {status, steps.Input{"expect": steptest.Status(200)}, nil},
		"the body, in a condition":          {status, steps.Input{"expect": anyBody}, decoded},
		"the warnings, in a condition":      {status, steps.Input{"expect": anyWarning}, decoded},
		"the status, and the schema counts": {status, steps.Input{"strict": true}, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, env := steptest.NewServer(t).On("POST /soap", answering(200, body)), withWSDL(t)
			env.Reads = c.reads
			out, err := soap.Kind().Run(t.Context(), placing(s, c.fields), &env.Env)
			if (err != nil) != (c.want == "refused") || err == nil && !reflect.DeepEqual(out.Value, c.want) {
				t.Errorf("got %v, %v; want %v", out.Value, err, c.want)
			}
		})
	}
	t.Run("an error shows all", func(t *testing.T) {
		t.Parallel()
		s, env := steptest.NewServer(t).On("POST /soap", answering(200, body)), withWSDL(t)
		env.Reads = status
		_, err := soap.Kind().Run(t.Context(), placing(s, steps.Input{"expect": steptest.Status(201)}), &env.Env)
		e, isStep := errors.AsType[*steps.Error](err)
		if !isStep || !reflect.DeepEqual(e.Response["body"], decoded) || len(e.Response["warnings"].([]any)) != 1 {
			t.Errorf("got %v, %v", err, e)
		}
	})
}

// TestAnswersAreApart holds that what a call gave stays as it is while others are made, at once and later.
func TestAnswersAreApart(t *testing.T) {
	t.Parallel()
	kind, env := soap.Kind(), withWSDL(t)
	s := steptest.NewServer(t)
	numbers := []string{"1", "22", "333", "4444"}
	results := make([]any, 40)
	for i := range results {
		n := numbers[i%3+i%2]
		s.On("POST /"+n, answering(200, `<o:PlaceOrderResponse xmlns:o="`+ordersSpace+`"><o:number>`+n+`</o:number><o:more a="`+n+`">text of `+n+`</o:more></o:PlaceOrderResponse>`))
	}
	var calls sync.WaitGroup
	for worker := range 4 {
		calls.Go(func() {
			for i := worker; i < len(results); i += 4 {
				out, err := kind.Run(t.Context(), placing(s, steps.Input{"path": "/" + numbers[i%3+i%2]}), &env.Env)
				if err != nil {
					t.Error(err)
				}
				results[i] = out.Value
			}
		})
	}
	calls.Wait()
	for i, got := range results {
		n := numbers[i%3+i%2]
		number, _ := strconv.Atoi(n)
		want := map[string]any{"number": number, "line": []any{}, "more": map[string]any{"a": n, "_": "text of " + n}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("call %d: got %v, want %v", i, got, want)
		}
	}
}

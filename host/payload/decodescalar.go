package payload

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/thawlog/thaw/core/payload"
)

// scalar sets v to x, which is neither nil nor an ext, without changing the value.
func scalar(v reflect.Value, x payload.Value) error {
	switch v.Kind() {
	case reflect.Bool:
		if x.Kind == payload.KindTrue || x.Kind == payload.KindFalse {
			v.SetBool(x.Kind == payload.KindTrue)
			return nil
		}
	case reflect.String:
		if x.Kind == payload.KindStr || x.Kind == payload.KindBin {
			v.SetString(string(x.Body))
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n := int64(x.Bits)
		switch {
		case !isInteger(x):
		case x.Kind == payload.KindUint && n < 0, v.OverflowInt(n):
			return misfit(ErrRange, x, v.Type())
		default:
			v.SetInt(n)
			return nil
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		switch {
		case !isInteger(x):
		case x.Kind == payload.KindInt && int64(x.Bits) < 0, v.OverflowUint(x.Bits):
			return misfit(ErrRange, x, v.Type())
		default:
			v.SetUint(x.Bits)
			return nil
		}
	case reflect.Float32, reflect.Float64:
		return float(v, x)
	default:
		return fmt.Errorf("%s has no MessagePack form", v.Type())
	}
	return mismatch(x, v.Type())
}

func isInteger(x payload.Value) bool { return x.Kind == payload.KindInt || x.Kind == payload.KindUint }

func float(v reflect.Value, x payload.Value) error {
	var f float64
	exact := true
	switch x.Kind {
	case payload.KindFloat32:
		f = float64(math.Float32frombits(uint32(x.Bits)))
	case payload.KindFloat64:
		f = math.Float64frombits(x.Bits)
	case payload.KindInt:
		f = float64(int64(x.Bits))
		exact = f < 1<<63 && int64(f) == int64(x.Bits)
	case payload.KindUint:
		f = float64(x.Bits)
		exact = f < 1<<64 && uint64(f) == x.Bits // above, the conversion back is undefined and differs by processor
	default:
		return mismatch(x, v.Type())
	}
	if v.Kind() == reflect.Float32 && !math.IsNaN(f) {
		exact = exact && float64(float32(f)) == f
	}
	if !exact {
		return misfit(ErrInexact, x, v.Type())
	}
	v.SetFloat(f)
	return nil
}

// any decodes the next value into its default Go type.
func (d *decoder) any() (any, error) {
	if c := d.b[d.at]; c <= 0x7f || c >= 0xe0 {
		d.at++
		return int8(c), nil
	}
	if s, ok := d.text(); ok {
		return string(s), nil
	}
	x := d.peek()
	if x.Kind == payload.KindExt {
		return d.anyExt(x)
	}
	d.at = x.End
	switch x.Kind {
	case payload.KindFalse, payload.KindTrue:
		return x.Kind == payload.KindTrue, nil
	case payload.KindInt:
		return narrowest(x, int64(x.Bits)), nil
	case payload.KindUint:
		return narrowestUnsigned(x), nil
	case payload.KindFloat32:
		return math.Float32frombits(uint32(x.Bits)), nil
	case payload.KindFloat64:
		return math.Float64frombits(x.Bits), nil
	case payload.KindStr:
		return string(x.Body), nil
	case payload.KindBin:
		return append([]byte{}, x.Body...), nil
	case payload.KindArray:
		list, err := d.anyArray(x.Count)
		return list, err
	case payload.KindMap:
		m, err := d.anyMap(x.Count)
		return m, err
	}
	return nil, nil
}

// narrowest returns n in the Go type of the width it was written with.
func narrowest(x payload.Value, n int64) any {
	switch len(x.Body) {
	case 1:
		return int8(n)
	case 2:
		return int16(n)
	case 4:
		return int32(n)
	}
	return n
}

func narrowestUnsigned(x payload.Value) any {
	switch len(x.Body) {
	case 1:
		return uint8(x.Bits)
	case 2:
		return uint16(x.Bits)
	case 4:
		return uint32(x.Bits)
	}
	return x.Bits
}

func (d *decoder) anyArray(n int) ([]any, error) {
	list := make([]any, n)
	for i := range list {
		var err error
		if list[i], err = d.any(); err != nil {
			return nil, under(indexStep(i), err)
		}
	}
	return list, nil
}

func (d *decoder) anyMap(n int) (map[string]any, error) {
	m := make(map[string]any, n)
	for i := range n {
		key, ok := d.text()
		if !ok {
			x := d.peek()
			if x.Kind != payload.KindStr && x.Kind != payload.KindBin {
				return nil, under(keyStep(i), errors.New(kindText(x)+" as a key needs a Go map with keys of its type, not any"))
			}
			d.at, key = x.End, x.Body
		}
		e, err := d.any()
		if err != nil {
			return nil, under(nameStep(key), err)
		}
		m[string(key)] = e
		if len(m) <= i {
			return nil, under(nameStep(key), errTwice)
		}
	}
	return m, nil
}

// misfit returns the error for a number that v's type cannot hold.
func misfit(class error, x payload.Value, t reflect.Type) error {
	return fmt.Errorf("%w: %s does not fit %s", class, numberText(x), t)
}

// mismatch returns the error for a value of one kind and a Go type of another.
func mismatch(x payload.Value, t reflect.Type) error {
	return fmt.Errorf("%s cannot be read as %s", kindText(x), t)
}

func numberText(x payload.Value) string {
	switch x.Kind {
	case payload.KindInt:
		return strconv.FormatInt(int64(x.Bits), 10)
	case payload.KindUint:
		return strconv.FormatUint(x.Bits, 10)
	case payload.KindFloat32:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(x.Bits))), 'g', -1, 32)
	}
	return strconv.FormatFloat(math.Float64frombits(x.Bits), 'g', -1, 64)
}

func kindText(x payload.Value) string {
	switch x.Kind {
	case payload.KindInt, payload.KindUint:
		return "the integer " + numberText(x)
	case payload.KindFloat32, payload.KindFloat64:
		return "the float " + numberText(x)
	case payload.KindFalse:
		return "false"
	case payload.KindTrue:
		return "true"
	case payload.KindStr:
		return "the string " + strconv.Quote(clip(string(x.Body)))
	case payload.KindBin:
		return "bytes"
	case payload.KindExt:
		return "an ext of type " + strconv.Itoa(int(x.Type))
	case payload.KindArray:
		return "an array"
	case payload.KindMap:
		return "a map"
	}
	return "nil"
}

package dissect

// types are the names of the codes from 0xc0 to 0xdf.
var types = [32]string{
	"nil", "never used", "false", "true", "bin 8", "bin 16", "bin 32", "ext 8", "ext 16", "ext 32",
	"float 32", "float 64", "uint 8", "uint 16", "uint 32", "uint 64", "int 8", "int 16", "int 32", "int 64",
	"fixext 1", "fixext 2", "fixext 4", "fixext 8", "fixext 16", "str 8", "str 16", "str 32",
	"array 16", "array 32", "map 16", "map 32",
}

// typeOf returns the name of a value's first byte.
func typeOf(b byte) string {
	switch {
	case b < 0x80:
		return "positive fixint"
	case b < 0x90:
		return "fixmap"
	case b < 0xa0:
		return "fixarray"
	case b < 0xc0:
		return "fixstr"
	case b < 0xe0:
		return types[b-0xc0]
	}
	return "negative fixint"
}

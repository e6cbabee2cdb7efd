package strtab

func DecodeSorted(raw []byte, lead bool) (*Table, error) { return decodeSorted(raw, lead) }

func DecodeUnsorted(raw []byte, lead bool) (*Table, error) { return decodeUnsorted(raw, lead) }

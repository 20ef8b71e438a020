package app

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Setting documents one setting.
type Setting struct {
	Name, Variable, Default, Doc string
	kind                         reflect.Type
}

// kinds says how the settings that are not text are written.
var kinds = map[reflect.Type]string{
	reflect.TypeFor[int]():           "a whole number, such as 1000",
	reflect.TypeFor[float64]():       "a number, such as 250000",
	reflect.TypeFor[ExchangeRates](): "a list of currencies and rates, such as USD:0.92,GBP:1.17",
	reflect.TypeFor[bool]():          "true or false",
	reflect.TypeFor[time.Duration](): "a duration, such as 500ms, 1s, 5m or 24h",
}

// takes says whether a value can be read as the setting's kind.
func (s Setting) takes(value string) bool {
	var err error
	switch s.kind {
	case reflect.TypeFor[int]():
		_, err = strconv.Atoi(value)
	case reflect.TypeFor[float64]():
		_, err = strconv.ParseFloat(value, 64)
	case reflect.TypeFor[ExchangeRates]():
		err = new(ExchangeRates).UnmarshalText([]byte(value))
	case reflect.TypeFor[bool]():
		_, err = strconv.ParseBool(value)
	case reflect.TypeFor[time.Duration]():
		_, err = time.ParseDuration(value)
	}
	return err == nil
}

// settingNames are the words that a settings file has as keys.
func settingNames() []string {
	var names []string
	for _, s := range Documentation() {
		names = append(names, strings.Split(s.Name, ".")...)
	}
	return names
}

// didYouMean names the known word nearest to an unknown one, if one is near.
func didYouMean(word string, known []string) string {
	nearest, least := "", 3
	for _, k := range known {
		if d := edits(word, k); d < least && d < len(word)/2 {
			nearest, least = k, d
		}
	}
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", nearest)
}

// edits is the Levenshtein distance of two words, in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Documentation lists every setting in the order of the file.
func Documentation() []Setting {
	defaults := DefaultSettings()
	return document(reflect.ValueOf(defaults), "", "TUITION_")
}

// Row is the setting's row in the README's table.
func (s Setting) Row() string {
	code := func(text string) string {
		if text == "" {
			return ""
		}
		return "`" + text + "`"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", code(s.Name), code(s.Variable), code(s.Default), s.Doc)
}

func document(v reflect.Value, path, prefix string) []Setting {
	var list []Setting
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name := path + field.Tag.Get("yaml")
		if field.Type.Kind() == reflect.Struct {
			list = append(list, document(v.Field(i), name+".", prefix+field.Tag.Get("envPrefix"))...)
			continue
		}
		variable := ""
		if tag := field.Tag.Get("env"); tag != "" {
			variable = prefix + tag
		}
		list = append(list, Setting{name, variable, defaultText(v.Field(i)), field.Tag.Get("doc"), field.Type})
	}
	return list
}

func defaultText(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case Addresses:
		return strings.Join(value, ",")
	case WatchScopes:
		return strings.Join(value, ",")
	case []string:
		return strings.Join(value, ",")
	case []TopicSettings, []TargetSettings, Secret, ExchangeRates:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

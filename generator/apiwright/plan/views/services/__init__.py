"""Services: a class for each resource, with a method for each of its operations.

`classes` puts a class together; what a method does stands in the module of its kind: `rows`,
`bulk`, `accounts`. They share how rows are chosen (`selecting`) and what they store (`values`).
"""

// Sends the form of an authorization response (OAuth 2.0 Form Post Response Mode) on arrival.
// Without script the same form has a button.
document.getElementById("submit").click();

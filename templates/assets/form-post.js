// Sends the response back to the portal (OAuth 2.0 Form Post Response Mode). Without JavaScript the
// button on the page does the same.
document.getElementById("form-post").submit();

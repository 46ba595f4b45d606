{ The lines of tests/conformance/README.md: a verb and its keys, and answers. }
unit words;

{$MODE DELPHI}

interface

type
  TLine = class
  private
    FVerb: UTF8String;
    FKeys, FValues: array of UTF8String;
    function IndexOf(const Key: UTF8String): Integer;
  public
    constructor Parse(const Line: UTF8String);
    function Has(const Key: UTF8String): Boolean;
    function Text(const Key: UTF8String): UTF8String;
    function Number(const Key: UTF8String): Int64;
    property Verb: UTF8String read FVerb;
  end;

// One more word of an answer.
function Pair(const Key, Value: UTF8String): UTF8String; overload;
function Pair(const Key: UTF8String; Value: Int64): UTF8String; overload;

// Parts a line at its first blank.
function FirstWord(const Line: UTF8String; out Rest: UTF8String): UTF8String;

implementation

uses
  SysUtils;

function FirstWord(const Line: UTF8String; out Rest: UTF8String): UTF8String;
var
  Blank: Integer;
begin
  Blank := Pos(AnsiChar(' '), Line);
  if Blank = 0 then
    Blank := Length(Line) + 1;
  Rest := Copy(Line, Blank + 1, Length(Line));
  Result := Copy(Line, 1, Blank - 1);
end;

function Decoded(const Value: UTF8String): UTF8String;
var
  From, Into: Integer;
begin
  SetLength(Result, Length(Value));
  From := 1;
  Into := 0;
  while From <= Length(Value) do
  begin
    Inc(Into);
    if Value[From] = '%' then
    begin
      Result[Into] := AnsiChar(StrToInt('$' + Copy(Value, From + 1, 2)));
      Inc(From, 3);
    end
    else
    begin
      Result[Into] := Value[From];
      Inc(From);
    end;
  end;
  SetLength(Result, Into);
end;

function Encoded(const Value: UTF8String): UTF8String;
const
  DIGITS: array[0..15] of AnsiChar = '0123456789ABCDEF';
var
  From, Into: Integer;
begin
  SetLength(Result, 3 * Length(Value));
  Into := 0;
  for From := 1 to Length(Value) do
    if Value[From] in ['A'..'Z', 'a'..'z', '0'..'9', '-', '.', '_', '~'] then
    begin
      Inc(Into);
      Result[Into] := Value[From];
    end
    else
    begin
      Result[Into + 1] := '%';
      Result[Into + 2] := DIGITS[Ord(Value[From]) shr 4];
      Result[Into + 3] := DIGITS[Ord(Value[From]) and 15];
      Inc(Into, 3);
    end;
  SetLength(Result, Into);
end;

function Pair(const Key, Value: UTF8String): UTF8String;
begin
  Result := ' ' + Key + '=' + Encoded(Value);
end;

function Pair(const Key: UTF8String; Value: Int64): UTF8String;
begin
  Result := Pair(Key, UTF8String(IntToStr(Value)));
end;

constructor TLine.Parse(const Line: UTF8String);
var
  Rest, Word, Others: UTF8String;
  Equals: Integer;
begin
  FVerb := FirstWord(Line, Rest);
  while Rest <> '' do
  begin
    Word := FirstWord(Rest, Others);
    Rest := Others;
    Equals := Pos(AnsiChar('='), Word);
    SetLength(FKeys, Length(FKeys) + 1);
    SetLength(FValues, Length(FKeys));
    FKeys[High(FKeys)] := Copy(Word, 1, Equals - 1);
    FValues[High(FKeys)] := Decoded(Copy(Word, Equals + 1, Length(Word)));
  end;
end;

function TLine.IndexOf(const Key: UTF8String): Integer;
begin
  Result := High(FKeys);
  while (Result >= 0) and (FKeys[Result] <> Key) do
    Dec(Result);
end;

function TLine.Has(const Key: UTF8String): Boolean;
begin
  Result := IndexOf(Key) >= 0;
end;

function TLine.Text(const Key: UTF8String): UTF8String;
var
  Index: Integer;
begin
  Index := IndexOf(Key);
  Result := '';
  if Index >= 0 then
    Result := FValues[Index];
end;

function TLine.Number(const Key: UTF8String): Int64;
begin
  Result := StrToInt64Def(Text(Key), 0);
end;

end.
